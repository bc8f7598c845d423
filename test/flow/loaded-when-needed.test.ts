import assert from "node:assert/strict";
import { mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { packageApp } from "../../tools/deploy/package.ts";
import { assertProblem } from "../support/assertions.ts";
import { startManagedIdentity } from "../support/managed-identity.ts";
import { sidOf, signOut } from "../support/sign-out.ts";
import { accountDocument } from "../support/store.ts";
import { sessionCookie, sessionOf, signIn, startWorld, type World } from "../support/world.ts";

const loaded = "MSAL is loaded";

describe("MSAL, which is a file of its own in the folder that is published,", () => {
  let world: World;
  let folder: string;
  let file: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "bff-loaded-"));
    const appFolder = join(folder, "app");
    await packageApp(".", appFolder);
    file = join(appFolder, "dist", "msal-node.cjs");
    await writeFile(file, `console.log(${JSON.stringify(loaded)});\n${await readFile(file, "utf8")}`);
    world = await startWorld({ appFolder });
  });
  after(async () => {
    await world.stop();
    await rm(folder, { recursive: true, force: true });
  });

  /** A fresh instance, and how often it has loaded the file. */
  async function startInstance(environment?: Readonly<Record<string, string>>) {
    const instance = await world.startInstance(environment);
    const loads = () => instance.lines.filter((line) => line.includes(loaded)).length;
    return { index: world.instances.indexOf(instance), loads };
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
    await rename(file, `${file}.elsewhere`);
    try {
      return await meanwhile();
    } finally {
      await rename(`${file}.elsewhere`, file);
    }
  }

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
    assert.equal(loads(), 0);
  });

  it("is loaded once for all those who sign in first, at once", async () => {
    const { index, loads } = await startInstance();
    const begin = async () => world.client(index).fetch("/auth/login?returnUrl=/healthz");
    const answers = await Promise.all(Array.from({ length: 20 }, begin));
    for (const { status, headers } of answers) {
      assert.equal(status, 302);
      assert.match(String(headers["location"]), /\/authorize\?/);
    }
    assert.equal(loads(), 1);
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
