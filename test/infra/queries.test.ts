import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { before, describe, it } from "node:test";
import { at, readPrediction, resourcesOf, type Prediction } from "./template.ts";

const folder = join("infra", "queries");

describe("saved queries and alerts", () => {
  let queries: ReadonlyMap<string, string>;
  let prediction: Prediction;
  before(async () => {
    prediction = await readPrediction();
    const files = await readdir(folder);
    const texts = await Promise.all(files.map((file) => readFile(join(folder, file), "utf8")));
    queries = new Map(files.map((file, index) => [file.replace(".kql", ""), texts[index] ?? ""]));
  });

  it("ask for events that the app reports, by their names", async () => {
    const reported = await eventNames();
    assert.ok(reported.includes("signout_abandoned"));
    for (const [name, text] of queries) {
      const asked = [
        ...text.matchAll(/"((?:sign|session|token|sid|request|configuration)\w*_\w+)"|"event":"([a-z_]+)"/g),
      ];
      const names = asked.map(([, quoted, inMessage]) => quoted ?? inMessage ?? "");
      for (const event of names) assert.ok(reported.includes(event), `${name}: ${event}`);
    }
  });

  it("cover every event", async () => {
    const all = [...queries.values()].join("\n");
    for (const event of await eventNames()) assert.ok(all.includes(event), event);
  });

  it("are all deployed", () => {
    const saved = resourcesOf(prediction, "Microsoft.OperationalInsights/workspaces/savedSearches");
    assert.equal(saved.length, queries.size);
    for (const search of saved) {
      assert.equal(at(search, "properties.query"), queries.get(search.name.split("/").at(-1) ?? ""), search.name);
    }
  });

  it("raise an alert for sign-outs that fail, and a graver one for those given up", () => {
    const rules = resourcesOf(prediction, "Microsoft.Insights/scheduledQueryRules");
    const severityOf = (name: string) => {
      const rule = rules.find((candidate) => candidate.name.startsWith(name));
      assert.equal(at(rule, "properties.enabled"), true);
      const [criterion] = at(rule, "properties.criteria.allOf") as [Record<string, unknown>];
      assert.equal(criterion["query"], queries.get(name));
      assert.equal(criterion["threshold"], 0);
      assert.match(String(criterion["query"]), new RegExp(`summarize ${String(criterion["metricMeasureColumn"])} =`));
      return Number(at(rule, "properties.severity"));
    };
    assert.ok(severityOf("abandoned-sign-outs") < severityOf("failed-sign-outs"));
  });
});

/** The members of `EventName`, which exists for the compiler only. */
async function eventNames(): Promise<readonly string[]> {
  const source = await readFile(join("shared", "telemetry.ts"), "utf8");
  const union = /type EventName =([^;]*);/.exec(source)?.[1] ?? "";
  return [...union.matchAll(/"([a-z_]+)"/g)].map(([, name]) => name ?? "");
}
