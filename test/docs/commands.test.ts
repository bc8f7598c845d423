import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { globSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { before, describe, it } from "node:test";
import { promisify } from "node:util";
import { readOptions } from "../../infra/app-registration/options.ts";
import { settings } from "../../shared/settings.ts";
import { readPages, type Page } from "./pages.ts";

const run = promisify(execFile);

describe("commands in the documentation", () => {
  let pages: readonly Page[];
  let scripts: Readonly<Record<string, string>>;
  /** Whole commands from the shell blocks, with lines that go on joined. */
  let commands: readonly { readonly file: string; readonly command: string }[];
  before(async () => {
    pages = await readPages();
    ({ scripts } = JSON.parse(await readFile("package.json", "utf8")) as { scripts: Record<string, string> });
    commands = shellBlocks(pages).flatMap(({ file, text }) =>
      text
        .replaceAll(/\\\n\s*/g, "")
        .split(/\n|&&/)
        .map((command) => ({ file, command: command.trim() })),
    );
  });

  it("are the two of the README, which the continuous integration runs too", async () => {
    const readme = await readFile("README.md", "utf8");
    for (const command of ["npm ci && npm start", "npm ci && npm test"]) {
      assert.ok(readme.includes(`\n\`\`\`sh\n${command}\n\`\`\`\n`), command);
    }
    assert.match(await readFile(".ci/run", "utf8"), /^npm ci\nnpm test$/m);
  });

  it("of npm exist in package.json", () => {
    const named = pages.flatMap(({ file, text }) =>
      [...text.matchAll(/\bnpm run (?:-s )?([\w:-]+)/g)].map(([, script = ""]) => ({ file, script })),
    );
    assert.ok(named.length > 10);
    for (const { file, script } of named) assert.ok(Object.hasOwn(scripts, script), `${file}: npm run ${script}`);
  });

  it("name kinds of tests that there are", () => {
    const named = pages.flatMap(({ text }) =>
      [...text.matchAll(/\bnpm test -- ([a-z -]+)/g)].flatMap(([, kinds = ""]) => kinds.trim().split(" ")),
    );
    assert.ok(named.length > 5);
    for (const kind of named) assert.ok(globSync(`test/${kind}/*.test.ts`).length > 0, kind);
  });

  it("are understood by the shell, also where they need Azure", async () => {
    const blocks = shellBlocks(pages);
    assert.ok(blocks.length > 10);
    for (const { file, text } of blocks) {
      // Placeholders such as <app> would be redirections.
      const filled = text.replaceAll(/<[a-zA-Z][\w ]*>/g, "placeholder");
      await run("bash", ["-n", "-c", filled]).catch((error: unknown) => assert.fail(`${file}: ${String(error)}`));
    }
  });

  it("of npm run app-registration have options that it takes", () => {
    const uses = commands.filter(({ command }) => command.startsWith("npm run app-registration --"));
    assert.ok(uses.length > 1);
    for (const { file, command } of uses) {
      const args = command
        .replaceAll(/\$\([^)]*\)|\$\w+/g, (value) => valueFor(value))
        .split(/\s+/)
        .slice(4);
      if (args.includes("--help")) continue;
      assert.doesNotThrow(() => readOptions(args, {}), `${file}: ${command}`);
    }
  });

  it("that only tell something tell it", async () => {
    for (const script of ["start", "app-registration"]) {
      const { stdout } = await run("npm", ["run", "-s", script, "--", "--help"], {
        shell: process.platform === "win32",
      });
      assert.match(stdout, new RegExp(`^Usage: npm (run )?${script}`, "m"));
    }
  });

  it("and texts name settings that there are", async () => {
    const known = new Set(Object.values(settings).map(({ name }) => name.toLowerCase()));
    const named = pages.flatMap(({ file, text }) =>
      [...text.matchAll(/\b(?:AzureAd|CosmosDb|Session|SignOut|DownstreamApis)__[\w<>]+/g)].map(([name]) => ({
        file,
        name,
      })),
    );
    assert.ok(named.length > 10);
    for (const { file, name } of named) {
      const general = name.replace(/^(DownstreamApis__)[^_]+(__)/, "$1<name>$2").toLowerCase();
      const isKnown = [...known].some(
        (setting) => setting === general || setting.startsWith(`${general.replace(/_+$/, "")}__`),
      );
      assert.ok(isKnown, `${file}: ${name}`);
    }
  });
});

function shellBlocks(pages: readonly Page[]): readonly { readonly file: string; readonly text: string }[] {
  return pages.flatMap(({ file, code }) =>
    code.flatMap(({ language, text }) => (/^(sh|bash|shell)$/.test(language) ? [{ file, text }] : [])),
  );
}

/** Something of the right form for a variable or an output of the deployment. */
function valueFor(expression: string): string {
  return /url/i.test(expression) ? "https://app.example" : "6d2f0c8e-4b1a-4f7d-9c35-a8e1d07b9f42";
}
