import assert from "node:assert/strict";
import { existsSync, globSync, readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { allPages, readPage, tokensOf, type Page } from "./markdown.ts";

const { scripts } = JSON.parse(readFileSync("package.json", "utf8")) as { scripts: Record<string, string> };
const pages = allPages();

describe("a command in the documentation", () => {
  it("is one of the two of the README, which are all that a newcomer needs", () => {
    const commands = shellLinesOf(readPage("README.md")).filter((line) => line.startsWith("npm ci"));
    assert.deepEqual(commands, ["npm ci && npm start", "npm ci && npm test"]);
    assert.match(readFileSync(".ci/run", "utf8"), /^npm ci\nnpm test$/m);
  });

  it("runs a script that package.json has", () => {
    const unknown = everywhere(/\bnpm (?:run (?:-s )?(?<run>[\w:-]+)|(?<short>start|test))\b/g, ({ run, short }) => {
      const name = run ?? short ?? "";
      return Object.hasOwn(scripts, name) ? undefined : name;
    });
    assert.deepEqual(unknown, []);
  });

  it("names kinds of tests that there are", () => {
    const unknown = everywhere(/\bnpm test -- (?<kinds>[a-z ]+)/g, ({ kinds = "" }) =>
      kinds.split(" ").find((kind) => kind !== "" && globSync(`test/${kind}/*.test.ts`).length === 0),
    );
    assert.deepEqual(unknown, []);
  });

  it("names files of the repository that there are", () => {
    const folders = "functions|shared|web|local|test|infra|scripts|bench|docs";
    const named = new RegExp(`^(?<path>(?:${folders})/[\\w./-]*\\.(?:ts|tsx|json|bicep|bicepparam|kql|html|css|md))$`);
    const unknown = pages.flatMap((page) =>
      tokensOf(page, "codespan").flatMap(({ text }) => {
        const path = named.exec(text)?.groups?.["path"];
        return path === undefined || existsSync(path) ? [] : [`${page.path}: ${path}`];
      }),
    );
    assert.deepEqual(unknown, []);
  });
});

type Groups = Readonly<Record<string, string | undefined>>;

/** What `unknownIn` finds wrong with any match in the code of any page, and where. */
function everywhere(pattern: RegExp, unknownIn: (groups: Groups) => string | undefined): string[] {
  return pages.flatMap((page) => {
    const code = [...tokensOf(page, "code"), ...tokensOf(page, "codespan")].map(({ text }) => text);
    return code.flatMap((text) =>
      [...text.matchAll(pattern)].flatMap(({ groups = {} }) => {
        const unknown = unknownIn(groups);
        return unknown === undefined ? [] : [`${page.path}: ${unknown}`];
      }),
    );
  });
}

function shellLinesOf(page: Page): string[] {
  return tokensOf(page, "code").flatMap(({ lang, text }) => (lang === "sh" ? text.split("\n") : []));
}
