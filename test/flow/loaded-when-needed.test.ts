import assert from "node:assert/strict";
import { mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { after, before, describe, it } from "node:test";
import { packageApp } from "../../tools/deploy/package.ts";
import { eventually } from "@entra-functions-bff/stand-in-kit/eventually";
import { assertProblem } from "../support/assertions.ts";
import { startOtlpEndpoint } from "../support/otlp.ts";
import { startManagedIdentity } from "../support/managed-identity.ts";
import { sidOf, signOut } from "../support/sign-out.ts";
import { accountDocument } from "../support/store.ts";
import { sessionCookie, sessionOf, signIn, startWorld, type World } from "../support/world.ts";

let world: World;
let folder: string;
let msal: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "bff-loaded-"));
  const appFolder = join(folder, "app");
  const { files } = await packageApp(".", appFolder);
  const loadedLater = files.map(({ path }) => path).filter((path) => /^dist\/(?!index\.)/.test(path));
  await Promise.all(loadedLater.map(async (path) => tellWhenLoaded(join(appFolder, path))));
  msal = join(appFolder, "dist", "msal-node.cjs");
  world = await startWorld({ appFolder });
});
after(async () => {
  await world.stop();
  await rm(folder, { recursive: true, force: true });
});

async function tellWhenLoaded(file: string): Promise<void> {
  const text = await readFile(file, "utf8");
  await writeFile(file, `console.log("loaded " + ${JSON.stringify(basename(file))} + " at " + Date.now());\n${text}`);
}

/** A fresh instance, and when it has loaded files of this name. */
async function startInstance(environment?: Readonly<Record<string, string>>) {
  const instance = await world.startInstance(environment);
  const loads = (name = "msal-node.cjs") =>
    instance.lines.flatMap((line) => {
      const [, file, at] = /loaded (\S+) at (\d+)/.exec(line) ?? [];
      return file?.startsWith(name) ? [Number(at)] : [];
    });
  return { index: world.instances.indexOf(instance), instance, loads };
}

/** A browser that was signed in at the first instance, and now talks to another. */
async function signedInBefore(index: number) {
  const first = world.client();
  await signIn(first, "ada@contoso.example", "/healthz");
  const client = world.client(index);
  client.setCookie("localhost", sessionCookie, sessionOf(first).value);
  return { client, accountKey: sessionOf(first).accountKey };
}

/** While the file is missing. */
async function missing<T>(meanwhile: () => Promise<T>): Promise<T> {
  await rename(msal, `${msal}.elsewhere`);
  try {
    return await meanwhile();
  } finally {
    await rename(`${msal}.elsewhere`, msal);
  }
}

describe("MSAL, which is a file of its own in the folder that is published,", () => {
  it("is not loaded by a start, a page, an API call with a fresh token, or a sign-out", async () => {
    const { index, loads } = await startInstance();
    const { client, accountKey } = await signedInBefore(index);
    for (const path of ["/healthz", "/", "/auth/me"]) assert.equal((await client.fetch(path)).status, 200, path);
    assert.equal((await client.fetch("/api/graph/me")).json()["displayName"], "Ada Lindqvist");
    await signOut(world, client, "/healthz");
    assert.equal(await accountDocument(world, accountKey), undefined);

    const { accountKey: again } = await signedInBefore(index);
    const sid = sidOf(world, "ada@contoso.example");
    assert.equal((await world.client(index).fetch(`/auth/frontchannel-logout?sid=${sid}`)).status, 200);
    assert.equal(await accountDocument(world, again), undefined);
    assert.equal(loads().length, 0);
  });

  it("is loaded once for all those who sign in first, at once", async () => {
    const { index, loads } = await startInstance();
    const begin = async () => world.client(index).fetch("/auth/login?returnUrl=/healthz");
    const answers = await Promise.all(Array.from({ length: 20 }, begin));
    for (const { status, headers } of answers) {
      assert.equal(status, 302);
      assert.match(String(headers["location"]), /\/authorize\?/);
    }
    assert.equal(loads().length, 1);
  });

  describe("where it is missing", () => {
    it("is named as the reason why nobody can sign in, and signs people in once it is there", async () => {
      const { index } = await startInstance();
      const client = world.client(index);
      const { login, ready } = await missing(async () => ({
        login: await client.fetch("/auth/login?returnUrl=/healthz"),
        ready: await client.fetch("/readyz"),
      }));
      assertProblem(login, 503, "app_incomplete");
      assert.equal(ready.status, 503);
      assert.equal((ready.json()["checks"] as { credential: string }).credential, "app_incomplete");
      assert.match(world.log(), /AppIncompleteError app_incomplete[\s\S]*?caused by Error ERR_MODULE_NOT_FOUND/);
      assert.equal((await client.fetch("/auth/login?returnUrl=/healthz")).status, 302);
    });

    it("keeps nobody from calling with a fresh token, and ends no session whose token has expired", async () => {
      const { index } = await startInstance();
      world.identityProvider.controls.accessTokenLifetimeSeconds = 60;
      const expired = await signedInBefore(index);
      world.identityProvider.controls.accessTokenLifetimeSeconds = 3_600;
      const { client } = await signedInBefore(index);
      await missing(async () => {
        assert.equal((await client.fetch("/api/graph/me")).status, 200);
        assertProblem(await expired.client.fetch("/api/graph/me"), 503, "app_incomplete");
      });
      assert.equal((await expired.client.fetch("/api/graph/me")).status, 200);
    });

    it("leaves a managed identity without its library: the store cannot be asked until it is there", async () => {
      await using identity = await startManagedIdentity("token for the store");
      const { index } = await startInstance({
        CosmosDb: "",
        // Nobody listens there.
        CosmosDb__accountEndpoint: "https://127.0.0.1:9/",
        IDENTITY_ENDPOINT: identity.url,
        IDENTITY_HEADER: "header",
      });
      const { client } = await signedInBefore(index);
      const { ready, me } = await missing(async () => ({
        ready: await client.fetch("/readyz"),
        me: await client.fetch("/auth/me"),
      }));
      assert.equal((ready.json()["checks"] as { store: string }).store, "app_incomplete");
      assertProblem(me, 503, "app_incomplete");
      assert.equal(identity.asked.length, 0);
      assertProblem(await client.fetch("/auth/me"), 503, "store_unavailable");
      assert.equal(identity.asked.length, 1);
    });
  });
});

describe("what sends telemetry, which is in files of its own,", () => {
  it("is loaded after the first answer, only for where telemetry goes, and what happened before is sent, too", async () => {
    await using otlp = await startOtlpEndpoint("x-key");
    const { index, instance, loads } = await startInstance({ OTEL_EXPORTER_OTLP_ENDPOINT: otlp.url });
    const asked = Date.now();
    const client = world.client(index);
    assert.equal((await client.fetch("/auth/login?returnUrl=/healthz")).status, 302);
    await eventually("it is loaded", () => loads("telemetry-otlp").length > 0);
    for (const name of ["telemetry-sdk", "telemetry-otlp"]) {
      const [at = 0, ...again] = loads(name);
      // The answer came later than the request, and two seconds pass then.
      assert.ok(at >= asked + 1_900, `${name}: ${at - asked} ms after the first request`);
      assert.deepEqual(again, [], name);
    }
    await instance.stop();
    assert.deepEqual(loads("telemetry-azure-monitor"), []);
    const spans = otlp.items.filter(({ signal }) => signal === "traces").map(({ name }) => name);
    assert.ok(spans.includes("login"), spans.join());
  });
});
