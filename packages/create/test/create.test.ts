import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { after, before, describe, test } from "node:test";
import { createApp, frontEnds, problemOfName } from "../src/create.ts";
import { askFor } from "../src/questions.ts";

const program = join(import.meta.dirname, "../src/main.ts");

describe("a new app", () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "create-"));
  });
  after(async () => rm(folder, { recursive: true }));
  const run = (...args: readonly string[]) =>
    spawnSync(process.execPath, [program, ...args], { cwd: folder, encoding: "utf8", timeout: 60_000 });

  for (const frontEnd of frontEnds) {
    test(`with the front end "${frontEnd}" has the name everywhere, and the files of that front end only`, async () => {
      const made = join(folder, `contoso-${frontEnd}`);
      const files = await createApp({ folder: made, name: `contoso-${frontEnd}`, frontEnd });
      for (const file of files) assert.doesNotMatch(await readFile(join(made, file), "utf8"), /\{\{\w+\}\}/, file);
      const manifest = JSON.parse(await readFile(join(made, "package.json"), "utf8")) as {
        readonly name: string;
        readonly scripts: Readonly<Record<string, string>>;
        readonly dependencies: Readonly<Record<string, string>>;
      };
      assert.equal(manifest.name, `contoso-${frontEnd}`);
      assert.match(manifest.scripts["start"] ?? "", /entra-functions-bff start$/);
      assert.equal("react" in manifest.dependencies, frontEnd === "react");
      assert.equal(files.includes("public/index.html"), frontEnd === "plain");
      assert.ok([".gitignore", "functions/index.ts", "test/profile.test.ts"].every((file) => files.includes(file)));
      assert.match(await readFile(join(made, "functions/index.ts"), "utf8"), /Contoso (None|Plain|React)/);
    });
  }

  test("is refused in a folder with something in it, which stays as it is", async () => {
    const name = "not-empty";
    await createApp({ folder: join(folder, name), name, frontEnd: "none" });
    await writeFile(join(folder, name, "host.json"), "mine");
    const files = await readdir(join(folder, name));
    const { status, stderr } = run(name, "--front-end", "plain");
    assert.deepEqual([status, /not-empty is not empty/.test(stderr)], [1, true]);
    assert.deepEqual(await readdir(join(folder, name)), files);
    assert.equal(await readFile(join(folder, name, "host.json"), "utf8"), "mine");
  });

  test("is made by the command, which says what to do next", async () => {
    const { status, stdout } = run("by-command");
    assert.equal(status, 0);
    assert.match(stdout, /cd by-command\n {2}npm install\n {2}npm start/);
    assert.ok((await readdir(join(folder, "by-command/public"))).includes("index.html"));
  });

  test("is refused with arguments that mean nothing, or a name that npm or Azure would refuse", async () => {
    for (const args of [["--front-end", "angular"], ["one", "two"], ["--color"]]) {
      const { status, stderr } = run(...args);
      assert.equal(status, 2, args.join(" "));
      assert.match(stderr, /Usage:/);
    }
    const { status, stderr } = run("My App");
    assert.deepEqual([status, /lower-case letters/.test(stderr)], [1, true]);
    assert.deepEqual(
      (await readdir(folder)).filter((name) => name === "My App"),
      [],
    );
  });
});

test("a name is what npm, azd and a folder take", () => {
  for (const name of ["app", "contoso-orders", "a1"]) assert.equal(problemOfName(name), undefined, name);
  for (const name of ["", "Orders", "1st", "a--b", "-a", "a-", "a_b", "a/b", "..", "a".repeat(51)]) {
    assert.match(problemOfName(name) ?? "", /cannot be the name/, name);
  }
});

/** What a person who gives these answers has said, and what they have read. */
const ask = async (given: Parameters<typeof askFor>[0], ...answers: readonly string[]) => {
  const [input, output] = [new PassThrough(), new PassThrough()];
  const waiting = [...answers];
  let said = "";
  output.on("data", (text: Buffer) => {
    said += text.toString();
    if (text.toString().endsWith(": ")) input.write(`${waiting.shift()}\n`);
  });
  return { result: await askFor(given, { input, output }), said };
};

test("in a terminal, a person is asked for what they have not said, and again after an answer that is none", async () => {
  const { result, said } = await ask({}, "My App", "orders", "angular", "react");
  assert.deepEqual(result, { folder: "orders", frontEnd: "react" });
  assert.match(said, /cannot be the name[^]*One of none, plain, react, please/);
  assert.deepEqual((await ask({ folder: "orders" }, "")).result, { folder: "orders", frontEnd: "plain" });
  assert.deepEqual((await ask({ frontEnd: "none" }, "")).result, { folder: "my-app", frontEnd: "none" });
});
