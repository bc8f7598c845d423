import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { before, describe, it } from "node:test";
import { problemTypes } from "../../shared/core/errors.ts";
import { metrics } from "../../shared/telemetry/metrics.ts";
import { eventNames } from "./event-names.ts";
import { at, readPrediction, resourcesOf } from "./template.ts";

const files = ["docs/deploy.md", "docs/operations.md"] as const;

describe("docs/deploy.md and docs/operations.md", () => {
  let operations: string;
  let both: string;
  before(async () => {
    const texts = await Promise.all(files.map((file) => readFile(file, "utf8")));
    operations = texts[1] ?? "";
    both = texts.join("\n");
  });

  /** What the first column of the table under a heading names. */
  const tableUnder = (heading: string) => {
    const section = operations.split(`### ${heading}\n`)[1]?.split("\n###")[0] ?? "";
    return [...section.matchAll(/^\| `([\w.]+)`/gm)].map(([, name]) => name ?? "");
  };

  it("list the events that there are", async () => {
    assert.deepEqual(tableUnder("Events").sort(), [...(await eventNames())].sort());
  });

  it("list the metrics that there are", () => {
    assert.deepEqual(tableUnder("Metrics").sort(), Object.keys(metrics).sort());
  });

  it("list the origins and outcomes of sign-outs that there are", async () => {
    const source = await readFile("shared/app/sign-out-origins.ts", "utf8");
    const origins = /const origins = \[([^\]]*)\]/.exec(source)?.[1]?.match(/\w+/g) ?? [];
    const told = /^- `origin` says where[\s\S]*?\n\n/m.exec(operations)?.[0] ?? "";
    assert.ok(origins.length > 5);
    for (const word of [...origins, "account_deleted", "sessions_removed", "nothing", "failed"]) {
      assert.ok(told.includes(`\`${word}\``), word);
    }
  });

  it("name scripts that there are", async () => {
    const { scripts } = JSON.parse(await readFile("package.json", "utf8")) as { scripts: Record<string, string> };
    const named = [...both.matchAll(/\bnpm run (?:-s )?([\w:-]+)/g)].map(([, name]) => name ?? "");
    assert.ok(named.length > 5);
    for (const name of named) assert.ok(Object.hasOwn(scripts, name), name);
  });

  it("name error codes that there are", () => {
    const named = [...operations.matchAll(/\b50\d `(\w+)`|"(\w+_unavailable)"/g)].map(
      ([, one, other]) => one ?? other ?? "",
    );
    assert.ok(named.length > 5);
    for (const code of named) assert.ok(Object.hasOwn(problemTypes, code), code);
  });

  it("name saved queries and alerts that are deployed", async () => {
    const prediction = await readPrediction();
    const deployed = new Set(
      [
        ...resourcesOf(prediction, "Microsoft.OperationalInsights/workspaces/savedSearches"),
        ...resourcesOf(prediction, "Microsoft.Insights/scheduledQueryRules"),
      ].map((resource) => String(at(resource, "properties.displayName"))),
    );
    const named = [...operations.matchAll(/(?:[Aa]lert|saved query)\s+_([^_]+)_/g)].map(([, name]) =>
      (name ?? "").replaceAll(/\s+/g, " "),
    );
    assert.ok(named.length > 5);
    for (const name of named) assert.ok(deployed.has(name), name);
  });
});
