import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { before, describe, it } from "node:test";
import { metrics } from "../../shared/telemetry/metrics.ts";
import { eventNames } from "./event-names.ts";
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

  it("ask for events and metrics that the app reports, by their names", async () => {
    const reported = {
      AppEvents: await eventNames(),
      AppMetrics: Object.keys(metrics),
      AppDependencies: undefined,
      AppRequests: undefined,
    };
    assert.ok(reported.AppEvents.includes("signout_abandoned"));
    for (const [name, text] of queries) {
      const table = /\b(App[A-Z]\w+)$/m.exec(text)?.[1] ?? "";
      assert.ok(table in reported, `${name}: ${table}`);
      const known = reported[table as keyof typeof reported];
      if (known === undefined) continue;
      const asked = namesIn(text);
      assert.ok(asked.length > 0, name);
      for (const one of asked) assert.ok(known.includes(one), `${name}: ${one}`);
    }
  });

  it("ask for attributes that the events have, numbers among the measurements and all else among the properties", async () => {
    const source = await reportingSource();
    for (const [name, text] of queries) {
      const asked = [...text.matchAll(/\b(?:Properties|Measurements)\.(\w+)/g)].map(([, attribute]) => attribute ?? "");
      for (const attribute of asked) assert.match(source, new RegExp(`\\b${attribute}\\b`), `${name}: ${attribute}`);
      const wrong =
        /Properties\.(?:durationMs|requestUnits|sessionsRemoved|attempt|days)|Measurements\.(?:origin|outcome|late|code|kind)/;
      assert.doesNotMatch(text, wrong, name);
    }
  });

  it("cover every event", async () => {
    const all = new Set([...queries.values()].flatMap(namesIn));
    for (const event of await eventNames()) assert.ok(all.has(event), event);
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
      assert.ok(Number(criterion["threshold"]) >= 0);
      assert.match(String(criterion["query"]), new RegExp(`summarize ${String(criterion["metricMeasureColumn"])} =`));
      return Number(at(rule, "properties.severity"));
    };
    assert.ok(severityOf("abandoned-sign-outs") < severityOf("failed-sign-outs"));
    // Whether anything is wrong at all, and whether anybody would see it.
    for (const name of ["refused-app", "availability", "throttled", "no-telemetry", "fewer-sign-ins"]) severityOf(name);
    severityOf("expiring-credential");
  });
});

/** The names that a query compares with. */
function namesIn(query: string): readonly string[] {
  const comparisons = query.match(/\bName (?:==|in) [^\n]*/g) ?? [];
  return comparisons.flatMap((text) => [...text.matchAll(/"([\w.]+)"/g)].map(([, name]) => name ?? "").filter(isName));
}

/** Other columns are compared on the same lines. */
function isName(text: string): boolean {
  return text !== "failed";
}

/** Where events and metrics are reported. */
async function reportingSource(): Promise<string> {
  const files = [
    "shared/sign-out/carry-out.ts",
    "shared/sign-out/end-sessions.ts",
    "shared/pipeline/failure.ts",
    "functions/finish-sign-outs.ts",
    "functions/credential-expiry.ts",
    "shared/store/request.ts",
    "shared/directory/run.ts",
    "shared/pipeline/for-app-role.ts",
    "shared/sign-out/not-before.ts",
  ];
  const texts = await Promise.all([...files, "shared/store/point-operations.ts"].map((file) => readFile(file, "utf8")));
  return texts.join("\n");
}
