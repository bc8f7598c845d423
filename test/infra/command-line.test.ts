import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { describe, it } from "node:test";
import { runProgram, type Ended } from "../support/program.ts";

/** The last program of an npm script, with nothing built before it. */
async function run(line: string, args: readonly string[], environment: NodeJS.ProcessEnv = {}): Promise<Ended> {
  const { PATH, HOME } = process.env;
  const [script = "", ...own] = line.split(" ");
  return runProgram(script, [...own, ...args], { environment: { PATH, HOME, ...environment } });
}

const { scripts } = JSON.parse(await readFile("package.json", "utf8")) as { scripts: Record<string, string> };
/** What each npm script runs, where it is a program of the project. */
const programs = Object.entries(scripts).flatMap(([name, script]) => {
  const line = /node --disable-warning=ExperimentalWarning (\S+\.ts.*)$/.exec(script)?.[1];
  return line === undefined ? [] : [{ name, line }];
});
/** Where a word says something: the name of an app, a folder. */
const takesWord = new Set(["deploy", "docs:screenshots"]);

describe("every command of the project", { concurrency: 4 }, () => {
  it("is a program that is looked at here", () => {
    assert.ok(programs.length >= 14, programs.map(({ name }) => name).join());
  });

  for (const { name, line } of programs) {
    it(`npm run ${name}: says what it does when asked, does nothing else, and knows no other options`, async () => {
      const help = await run(line, ["--help"]);
      assert.equal(help.code, 0, help.errors);
      assert.match(help.output, /^\S.*[\s\S]*^Usage: npm /m);
      assert.equal(help.errors, "");
      assert.deepEqual(await run(line, ["-h"]), help);
      const options = ["--no-such-option", ...(takesWord.has(name) ? [] : ["surplus"])];
      for (const option of options) {
        const wrong = await run(line, [option]);
        assert.equal(wrong.code, 2, `${option}: ${wrong.output}${wrong.errors}`);
        assert.equal(wrong.output, "");
        assert.match(wrong.errors, /^Usage: npm /m);
        assert.doesNotMatch(wrong.errors, /^ +at /m);
      }
    });
  }
});

describe("a command that is given what makes no sense", { concurrency: 4 }, () => {
  it("npm test -- nosuch: names the kinds that there are, and runs nothing, not even the others", async () => {
    for (const kinds of [["nosuch"], ["docs", "nosuch"], ["../test"], ["docs/links"], [""]]) {
      const { code, output, errors } = await run("scripts/test.ts", kinds);
      assert.equal(code, 2, kinds.join());
      assert.equal(output, "");
      assert.match(errors, /There are no tests of the kind/);
      assert.match(errors, /Kinds: .*\bflow\b.*\bunit\b/);
    }
  });

  for (const [variable, ...values] of [
    ["SOAK_OPERATIONS", "many", "", "-1", "1.5", "1e3"],
    ["SOAK_SEED", "today", "", "-1"],
    ["SOAK_SCOPE", "everything", ""],
  ] as const) {
    it(`npm run soak with ${variable} of ${values.map((value) => `"${value}"`).join(", ")}: says what it must be`, async () => {
      for (const value of values) {
        const { code, errors } = await run("test/soak/main.ts", [], { [variable]: value });
        assert.equal(code, 2, errors);
        assert.ok(errors.startsWith(`${variable} must be `), errors);
        assert.match(errors, /^Usage: npm run soak$/m);
      }
    });
  }

  it("npm start -- --port: a number that leaves room for all parts", async () => {
    for (const port of ["", "0", "65530", "http", "70000", "7071x", "-1"]) {
      const { code, errors } = await run("tools/start/start.ts", [`--port=${port}`]);
      assert.equal(code, 2, port);
      assert.match(errors, /--port must be a port number/);
    }
  });
});
