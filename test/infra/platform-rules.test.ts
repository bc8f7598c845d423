import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { readPage, tableOf } from "../docs/markdown.ts";
import type { Check } from "./checks.ts";
import { platformRules } from "./platform-rules.ts";
import { readPrediction, variants, type Prediction } from "./template.ts";

const page = readPage("docs/platform-rules.md");

describe("docs/platform-rules.md", () => {
  for (const [source, rules] of Object.entries(platformRules)) {
    it(`says of each rule of ${source} whether it is kept, as both variants keep it, or why not`, async () => {
      const predictions = await Promise.all(variants.map(readPrediction));
      const rows = tableOf(page, source);
      assert.deepEqual(new Set(rows.map(([rule]) => rule)), new Set(Object.keys(rules)));
      for (const [rule = "", ...cells] of rows) {
        const check = rules[rule] ?? assert.fail(rule);
        const found = predictions.map((prediction) => wordFor(check, prediction));
        assert.deepEqual(cells.slice(0, predictions.length), found, rule);
        const isKept = found.every((word) => word !== "refused");
        assert.ok(isKept || (cells[predictions.length] ?? "") !== "", `${rule} is refused without a reason`);
      }
    });
  }
});

function wordFor(check: Check, prediction: Prediction): string {
  const result = check(prediction);
  return result === undefined ? "–" : result ? "kept" : "refused";
}
