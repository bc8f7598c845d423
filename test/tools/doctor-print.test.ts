import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { stripVTControlCharacters } from "node:util";
import { runDoctor } from "../../tools/doctor/command.ts";
import { failed, notChecked, ok, warning } from "../../tools/doctor/finding.ts";
import { reportText } from "../../tools/doctor/print.ts";
import { doctor } from "./doctor-harness.ts";

async function run(...args: readonly string[]) {
  const printed = { output: "", errors: "" };
  const exitCode = await runDoctor(args, {
    environment: {},
    signIn: () => Promise.reject(new Error("There is nobody to ask in this test")),
    print: (text) => void (printed.output += text),
    printError: (text) => void (printed.errors += text),
    colour: false,
  });
  return { exitCode, ...printed };
}

describe("the report of npm run doctor", () => {
  const findings = [
    ok("A", "good"),
    warning("Bcd", "old", "Renew it"),
    failed("E", "off", "Turn it on"),
    notChecked("F", "why"),
  ];

  it("is one line for each thing, and one that sums up", () => {
    const lines = ["✓ A    good", "! Bcd  old. Renew it", "✗ E    off. Turn it on", "– F    not checked: why", ""];
    const summary = "1 fine, 1 to look at, 1 failed, 1 not checked";
    assert.equal(reportText(findings, false), `${[...lines, summary].join("\n")}\n`);
  });

  it("has colours only where they are wanted, and only for the signs", () => {
    const text = reportText(findings, true);
    assert.ok(text.includes("\u001B[32m✓\u001B[0m A    good\n"));
    assert.ok(text.includes("\u001B[31m✗\u001B[0m E    off"));
    assert.equal(stripVTControlCharacters(text), reportText(findings, false));
  });

  it("shows a foreign text on one line, without what a terminal would obey", () => {
    const text = reportText([failed("A", "one\n  two\u001B[2J\u0007", "three")], false);
    assert.match(text, /^✗ A {2}one two \[2J \. three$/m);
  });
});

describe("the arguments of npm run doctor", () => {
  it("can be explained", async () => {
    for (const argument of ["--help", "-h"]) {
      const { exitCode, output, errors } = await run(argument);
      assert.deepEqual([exitCode, errors], [0, ""]);
      for (const option of ["--url", "--settings", "--managed-identity", "--graph-url", "Exit codes: 0"]) {
        assert.ok(output.includes(option), option);
      }
    }
  });

  for (const [args, says] of [
    [["--uri", "https://app.example"], /Unknown option '--uri'/],
    [["https://app.example"], /Unexpected argument/],
    [["--url"], /--url/],
    [["--url", "app.example"], /--url must be an https:\/\/ origin/],
    [["--url", "https://app.example/orders?x"], /--url must be/],
    [["--url", "http://app.example"], /--url must be/],
    [["--graph-url", "http://graph.example"], /--graph-url must be/],
    [["--url", "https://app.example", "--settings", "x.json"], /exclude each other/],
    [["--managed-identity", "11111111-2222-4333-8444-555555555555"], /needs --url/],
    [["--url", "https://app.example", "--managed-identity", "portal"], /must be a GUID/],
  ] as const) {
    it(`are refused with exit code 2: ${args.join(" ")}`, async () => {
      const { exitCode, output, errors } = await run(...args);
      assert.deepEqual([exitCode, output], [2, ""]);
      assert.match(errors, says);
      assert.match(errors, /Usage: npm run doctor/);
    });
  }

  it("name a settings file that can be read", async () => {
    const folder = await mkdtemp(join(tmpdir(), "bff-doctor-"));
    const file = join(folder, "settings.json");
    await writeFile(file, "not JSON");
    const { exitCode, errors } = await run("--settings", file);
    assert.equal(exitCode, 2);
    assert.match(errors, /is not a settings file/);
    await writeFile(file, '{ "Values": { "Session__MaxPerAccount": 5 } }');
    assert.match((await run("--settings", file)).errors, /the value of Session__MaxPerAccount must be text/);
    await rm(folder, { recursive: true });
    const missing = await run("--settings", file);
    assert.equal(missing.exitCode, 2);
    assert.match(missing.errors, /There is no file/);
  });

  it("name a file with the settings of a deployment, as the Azure CLI lists them", async () => {
    const folder = await mkdtemp(join(tmpdir(), "bff-doctor-"));
    const file = join(folder, "deployment.json");
    const listed = [{ name: "Session__MaxPerAccount", value: "none", slotSetting: false }];
    await writeFile(file, JSON.stringify(listed));
    const { output } = await run("--settings", file);
    await rm(folder, { recursive: true });
    assert.match(output, /Session__MaxPerAccount is not valid/);
  });

  it("reach the process as they are typed, and its exit code comes back", async () => {
    assert.equal((await doctor(["--help"])).exitCode, 0);
    assert.equal((await doctor(["--nonsense"])).exitCode, 2);
  });
});
