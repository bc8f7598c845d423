import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname } from "node:path/posix";
import { describe, it } from "node:test";
import { promisify } from "node:util";
import { readOptions } from "../../tools/app-registration/options.ts";
import { allPages, codeOf, readPage, tokensOf, type Page } from "./markdown.ts";

const { scripts } = JSON.parse(readFileSync("package.json", "utf8")) as { scripts: Record<string, string> };
const pages = allPages();
const shellBlocks = pages.flatMap((page) => shellBlocksOf(page).map((text) => ({ path: page.path, text })));

/** The folders of `test/`, and one kind for the tests of all packages. */
function kindsOfTests(): ReadonlySet<string> {
  const folders = globSync("test/*/*.test.ts").map((path) => dirname(path.replaceAll("\\", "/")).slice(5));
  return new Set([...folders, "packages"]);
}

describe("a command in the documentation", () => {
  it("is one of the two of the README, which are all that a newcomer needs, and that the CI runs", () => {
    const commands = shellBlocksOf(readPage("README.md")).filter((text) => text.startsWith("npm ci"));
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
      kinds.split(" ").find((kind) => kind !== "" && !kindsOfTests().has(kind)),
    );
    assert.deepEqual(unknown, []);
  });

  it("is there for every kind of tests", () => {
    const kinds = kindsOfTests();
    const named = codeOf(readPage("CONTRIBUTING.md")).flatMap((text) => /^npm test -- (\w+)$/.exec(text)?.[1] ?? []);
    assert.deepEqual(
      named.toSorted((a, b) => a.localeCompare(b)),
      [...kinds].toSorted((a, b) => a.localeCompare(b)),
    );
  });

  it("is understood by the shell", { skip: process.platform === "win32" && "no bash" }, async () => {
    assert.ok(shellBlocks.length > 10);
    for (const { path, text } of shellBlocks) {
      // `<app>` and the like, to be filled in, would be redirections.
      const filledIn = text.replaceAll(/<[a-zA-Z][\w ]*>/g, "filled-in");
      await assert.doesNotReject(promisify(execFile)("bash", ["-n", "-c", filledIn]), `${path}: ${text}`);
    }
  });

  it("of the app registration has options that the tool takes", () => {
    const uses = shellBlocks.flatMap(({ path, text }) =>
      [...text.replaceAll(/\\\n\s*/g, "").matchAll(/^npm run app-registration -- (.+)$/gm)].map(([, args = ""]) => ({
        path,
        args: args.replaceAll(/"?\$(?:\([^)]*\)|\w+)"?/g, sampleOf).split(/\s+/),
      })),
    );
    assert.ok(uses.length > 1);
    for (const { path, args } of uses) {
      assert.doesNotThrow(() => readOptions(args, {}), `${path}: ${args.join(" ")}`);
    }
  });
});

it("files of the repository that the documentation names are there", () => {
  const folders = "functions|shared|web|test|infra|scripts|bench|docs";
  const named = new RegExp(`^(?:${folders})/[\\w./-]*\\.(?:ts|json|bicep|bicepparam|kql|html|css|md)$`);
  const missing = pages.flatMap(({ path, ...page }) =>
    tokensOf(page, "codespan").flatMap(({ text }) => (named.test(text) && !existsSync(text) ? `${path}: ${text}` : [])),
  );
  assert.deepEqual(missing, []);
});

type Groups = Readonly<Record<string, string | undefined>>;

/** What `unknownIn` finds wrong with any match in the code of any page, and where. */
function everywhere(pattern: RegExp, unknownIn: (groups: Groups) => string | undefined): string[] {
  const found = pages.flatMap((page) =>
    codeOf(page).flatMap((text) => [...text.matchAll(pattern)].map((match) => ({ path: page.path, match }))),
  );
  assert.ok(found.length > 5);
  return found.flatMap(({ path, match }) => {
    const unknown = unknownIn(match.groups ?? {});
    return unknown === undefined ? [] : `${path}: ${unknown}`;
  });
}

function shellBlocksOf(page: Pick<Page, "tokens">): string[] {
  return tokensOf(page, "code").flatMap(({ lang, text }) => (lang === "sh" ? text : []));
}

/** Something of the right form for a variable or an output of the deployment. */
function sampleOf(expression: string): string {
  return /url/i.test(expression) ? "https://app.example" : "a1b2c3d4-e5f6-4789-8abc-def012345678";
}
