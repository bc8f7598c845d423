import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { createBackChannel } from "../src/back-channel.ts";
import { startIdentityProvider, type IdentityProvider } from "../src/provider.ts";
import {
  askForTokens,
  authorizeUrl,
  createBrowser,
  payroll,
  person,
  pick,
  portal,
  redeem,
  signIn,
  testCertificates,
  textOf,
} from "../src/testing.ts";

let folder = "";
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "idp-data-"));
});
after(async () => rm(folder, { recursive: true, force: true }));

const apps = [portal, payroll];

async function restart(provider: IdentityProvider, dataFile: string): Promise<IdentityProvider> {
  const ports = {
    httpPort: Number(new URL(provider.publicUrl).port),
    httpsPort: Number(new URL(provider.instance).port),
  };
  return startIdentityProvider({ ...ports, tls: await testCertificates(), apps, dataFile });
}

test("a restart keeps people signed in, their pickers open, their refresh tokens and the signing key", async () => {
  const dataFile = join(folder, "restart.db");
  const tls = await testCertificates();
  const call = createBackChannel(tls.ca);
  const first = await startIdentityProvider({ httpPort: 0, httpsPort: 0, tls, apps, dataFile });
  const browser = createBrowser(first);
  const { body } = await redeem(first, call, await signIn(first, browser, person(first, "Ada")));
  const unredeemed = await signIn(first, browser, person(first, "Ada"));
  const waiting = await browser.open(authorizeUrl(first, payroll, { prompt: "select_account" }));
  const keys = first.jwks();
  await first.stop();
  await first.stop();

  const second = await restart(first, dataFile);
  after(async () => second.stop());
  assert.deepEqual(second.jwks(), keys);
  assert.equal((await redeem(second, call, unredeemed)).status, 200);
  const silent = await browser.open(authorizeUrl(second, payroll, { prompt: "none" }));
  assert.ok(silent.url.searchParams.has("code"));
  assert.ok((await pick(browser, waiting, person(second, "Zoë"))).url.searchParams.has("code"));
  const refreshToken = textOf(body, "refresh_token");
  assert.equal(
    (await askForTokens(second, call, { grant_type: "refresh_token", refresh_token: refreshToken })).status,
    200,
  );
});

test("the data file is for its owner's eyes only", async () => {
  const dataFile = join(folder, "private.db");
  const provider = await startIdentityProvider({
    httpPort: 0,
    httpsPort: 0,
    tls: await testCertificates(),
    apps,
    dataFile,
  });
  assert.equal((await stat(dataFile)).mode & 0o077, 0);
  await provider.stop();
});

/** Runs the provider in a process of its own, which can be killed. */
const childProgram = `
  import { startIdentityProvider } from ${JSON.stringify(new URL("../src/provider.ts", import.meta.url).href)};
  const provider = await startIdentityProvider(JSON.parse(process.env.OPTIONS));
  console.log(JSON.stringify({ publicUrl: provider.publicUrl, instance: provider.instance }));
`;

test("a provider that is killed loses no sign-in and no refresh token it answered with, and prints nothing of its own", async () => {
  const dataFile = join(folder, "killed.db");
  const tls = await testCertificates();
  const call = createBackChannel(tls.ca);
  const options = JSON.stringify({ httpPort: 0, httpsPort: 0, tls: { key: tls.key, cert: tls.cert }, apps, dataFile });
  const child = spawn(process.execPath, ["--input-type=module", "-e", childProgram], {
    env: { ...process.env, OPTIONS: options },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const output: string[] = [];
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk: Buffer) => output.push(chunk.toString()));
  await once(child.stdout, "data");
  const addresses = JSON.parse(output.join("")) as Pick<IdentityProvider, "publicUrl" | "instance">;

  const stopped = await startIdentityProvider({ httpPort: 0, httpsPort: 0, tls, apps, dataFile: ":memory:" });
  await stopped.stop();
  const remote = { ...stopped, ...addresses };
  const browser = createBrowser(remote);
  const { body } = await redeem(remote, call, await signIn(remote, browser, person(remote, "Ada")));
  child.kill("SIGKILL");
  await once(child, "exit");
  assert.equal(output.length, 1, output.join(""));

  const next = await restart(remote, dataFile);
  after(async () => next.stop());
  assert.ok((await browser.open(authorizeUrl(next, portal, { prompt: "none" }))).url.searchParams.has("code"));
  const refreshToken = textOf(body, "refresh_token");
  assert.equal(
    (await askForTokens(next, call, { grant_type: "refresh_token", refresh_token: refreshToken })).status,
    200,
  );
});
