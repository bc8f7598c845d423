import assert from "node:assert/strict";
import { test } from "node:test";
import { runProgram, type Ended } from "../support/program.ts";
import { startDirectory, toCreate } from "./app-registration-harness.ts";

/** Without a PATH there is no Azure CLI to be signed in with. */
async function register(...args: readonly string[]): Promise<Ended> {
  return runProgram("tools/app-registration/main.ts", args, { environment: { PATH: "/nonexistent" } });
}

test("the program tells its options, mistakes in them, and who is not signed in", async () => {
  const [help, wrong, nobody] = await Promise.all([
    register("--help"),
    register("--base-url", "https://app.example", "--naem", "x"),
    register(...toCreate),
  ]);
  assert.deepEqual([help.code, help.errors], [0, ""]);
  for (const option of ["base-url", "name", "client-id", "managed-identity", "scope", "dry-run", "json"]) {
    assert.ok(help.output.includes(`--${option}`), option);
  }
  assert.equal(wrong.code, 2);
  assert.match(wrong.errors, /^Unknown option '--naem'[\s\S]*Usage: npm run app-registration/);
  assert.equal(nobody.code, 1);
  assert.match(nobody.errors, /^Not signed in to Microsoft Entra\. Sign in, for example with: az login\n/);
});

const id = "72f988bf-0000-4000-8000-2d7cd011db47";
const mistakes: readonly (readonly [args: readonly string[], message: RegExp])[] = [
  [["--name", "x"], /--base-url is missing/],
  [["--base-url", "https://app.example"], /--name or --client-id is missing/],
  [["--base-url", "http://app.example", "--name", "x"], /--base-url must be an https:\/\/ origin/],
  [["--base-url", "http://127.0.0.1:7071", "--name", "x"], /--base-url must be/],
  [["--base-url", "https://app.example/orders?x", "--name", "x"], /--base-url must be/],
  [["--base-url", "https://user@app.example", "--name", "x"], /--base-url must be/],
  [["--base-url", "app.example", "--name", "x"], /--base-url must be/],
  [["--base-url", "https://app.example", "--name", " "], /--name must have 1 to 120 characters/],
  [["--base-url", "https://app.example", "--name", "x".repeat(121)], /--name must have 1 to 120 characters/],
  [[...toCreate, "--client-id", "mine"], /--client-id must be a GUID/],
  [[...toCreate, "--managed-identity", "/subscriptions/x"], /--managed-identity must be a GUID/],
  [[...toCreate, "--tenant-id", "contoso.example"], /--tenant-id must be a GUID/],
  [[...toCreate, "--sign-in-audience", "everyone"], /must be single-tenant or multi-tenant/],
  [[...toCreate, "--instance", "login.microsoftonline.us"], /--instance must be an https:\/\/ URL/],
  [[...toCreate, "--scope", "https://graph.microsoft.com/.default"], /--scope must name one permission/],
  [[...toCreate, "extra"], /Unexpected argument 'extra'/],
];

test("mistakes in the arguments are told before anybody signs in", async () => {
  await using world = await startDirectory();
  for (const [args, message] of mistakes) {
    const { exitCode, errors, requests, tokenScopes } = await world.run(args);
    assert.match(errors, message);
    assert.deepEqual([exitCode, requests.length, tokenScopes.length], [2, 0, 0], args.join(" "));
  }
  const { output, exitCode } = await world.run(["--json", "--client-id", id]);
  assert.equal(exitCode, 2);
  assert.match(output, /"code": "usage"/);
});

test("the operator's token goes nowhere but to Graph over https, or to this machine", async () => {
  await using world = await startDirectory();
  for (const graphUrl of [
    "http://graph.microsoft.com",
    "http://10.0.0.1",
    "ftp://localhost",
    "https://graph.example/v1.0",
  ]) {
    const { exitCode, errors, tokenScopes } = await world.run(toCreate, { graphUrl });
    assert.match(errors, /--graph-url must be an https origin \(http for loopback only\)/);
    assert.deepEqual([exitCode, tokenScopes.length], [2, 0]);
  }
});
