import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { appendFile, cp, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, before, describe, it } from "node:test";
import { promisify } from "node:util";
import { block } from "./documented.ts";

const run = promisify(execFile);
const copied = [
  "functions",
  "shared",
  "web",
  "scripts",
  "packages",
  "tools",
  "infra",
  "test",
  "host.json",
  "package.json",
  "tsconfig.json",
];
const compiler = "node_modules/typescript/bin/tsc";

describe("a function added as docs/extending.md says, to a copy of the project", () => {
  let folder: string;
  let blocks: Readonly<Record<"functionFile" | "line" | "background" | "testFile", string>>;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "bff-extended-"));
    for (const path of copied) await cp(path, join(folder, path), { recursive: true });
    await symlink(resolve("node_modules"), join(folder, "node_modules"));
    const text = await readFile("docs/extending.md", "utf8");
    blocks = {
      functionFile: block(text, "file: functions/manager.ts"),
      line: block(text, "line: functions/index.ts"),
      background: block(text, "file: functions/nightly-count.ts"),
      testFile: block(text, "file: test/flow/manager.test.ts"),
    };
    await writeFile(join(folder, "functions/manager.ts"), blocks.functionFile);
    await writeFile(join(folder, "functions/nightly-count.ts"), blocks.background);
    await appendFile(join(folder, "functions/index.ts"), `${blocks.line}import "./nightly-count.ts";\n`);
    await writeFile(join(folder, "test/flow/manager.test.ts"), blocks.testFile);
    const example = { extends: "./tsconfig.json", include: ["functions", "test/flow/manager.test.ts"] };
    await writeFile(join(folder, "tsconfig.example.json"), JSON.stringify(example));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  /** What the command wrote, if it went wrong. */
  const node = async (...args: readonly string[]) =>
    run(process.execPath, ["--disable-warning=ExperimentalWarning", ...args], {
      cwd: folder,
      env: environment(),
    }).catch(({ stdout, stderr }: { stdout: string; stderr: string }) => assert.fail(stdout + stderr));

  it("takes less than 20 lines", () => {
    const lines = (blocks.functionFile + blocks.line).split("\n").filter((line) => line.trim() !== "");
    assert.ok(lines.length < 20, `${lines.length} lines`);
  });

  it("is what a strict compiler takes", async () => {
    await node(compiler, "-p", "tsconfig.example.json");
  });

  it("works: its own test, as documented, passes on the built bundle", async () => {
    await node("scripts/build.ts");
    const { stdout } = await node("--test", "--test-reporter=tap", "test/flow/manager.test.ts");
    assert.match(stdout, /^# pass 1$/m);
    assert.match(stdout, /^# fail 0$/m);
  });
});

/** Without what tells a test runner that it is inside another one: it would run nothing and say so to nobody. */
function environment(): NodeJS.ProcessEnv {
  const { NODE_TEST_CONTEXT: _inside, ...others } = process.env;
  return others;
}
