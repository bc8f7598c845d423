import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { describe, it } from "node:test";
import { format, resolveConfig } from "prettier";
import { startAppInstance } from "../../local/app-instance.ts";
import { readRoutes, withTables } from "../../scripts/http-tables.ts";
import { conditions } from "../../shared/errors.ts";
import { readPages } from "./pages.ts";

describe("docs/http.md", () => {
  it("has every route and every error code; after a change, run npm run docs:http", async () => {
    const file = "docs/http.md";
    const text = await readFile(file, "utf8");
    const formatting = { ...(await resolveConfig(file)), parser: "markdown" };
    assert.equal(text, await format(withTables(text, await readRoutes()), formatting));
  });

  it("has exactly the functions that the host finds in the bundle", async () => {
    // Without settings the app has its routes too; they answer that it is not configured.
    const { PATH, HOME } = process.env;
    const app = await startAppInstance({ appFolder: ".", port: 0, environment: { PATH, HOME } });
    await app.stop();
    const found = app.lines.flatMap((line) => {
      const [, name, methods = "", route, level] = /^function (\S+): ([A-Z,]+) (.*) \((\w+)\)$/.exec(line) ?? [];
      return name === undefined ? [] : [[name, methods, route, level].join(" ")];
    });
    const documented = (await readRoutes()).map(({ name, methods, path, needsKey }) => {
      const route = path === "/" ? "{ignored:maxlength(0)?}" : path.slice(1);
      return [name, methods.join(","), route, needsKey ? "function" : "anonymous"].join(" ");
    });
    assert.ok(found.length > 10, app.lines.join("\n"));
    assert.deepEqual(documented.sort(), found.sort());
  });
});

describe("error codes in the documentation", () => {
  it("exist, with the status that is written before them", async () => {
    const known: Readonly<Record<string, { readonly status: number }>> = conditions;
    const mentioned = (await readPages()).flatMap(({ file, text }) =>
      [...text.matchAll(/\b([45]\d\d) `([a-z]+_[a-z_]+)`/g)].map(([, status = "", code = ""]) => ({
        file,
        status,
        code,
      })),
    );
    assert.ok(mentioned.length > 20, "Codes are not recognized any more");
    for (const { file, status, code } of mentioned) {
      assert.equal(known[code]?.status, Number(status), `${file}: ${status} ${code}`);
    }
  });
});
