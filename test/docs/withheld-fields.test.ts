import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { withheldFromApis, withheldFromBrowsers } from "../../shared/http/withheld-fields.ts";
import { readPage, tableOf } from "./markdown.ts";

const page = readPage("docs/http.md");

describe("docs/http.md lists, with their reasons, the header fields that are withheld from", () => {
  for (const [whom, fields] of [
    ["APIs", withheldFromApis],
    ["browsers", withheldFromBrowsers],
  ] as const) {
    it(whom, () => {
      const written = tableOf(page, `Withheld from ${whom} because of`).map(([reason = "", names = ""]) => {
        return [reason, [...names.matchAll(/`([^`]+)`|([\w*-]+)/g)].map(([, a, b]) => (a ?? b ?? "").toLowerCase())];
      });
      assert.deepEqual(Object.fromEntries(written), fields);
    });
  }
});
