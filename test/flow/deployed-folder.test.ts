import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { packageApp } from "../../tools/deploy/package.ts";
import { signOut } from "../support/sign-out.ts";
import { accountDocument } from "../support/store.ts";
import { sessionOf, signIn, startWorld, type World } from "../support/world.ts";

describe("the folder that is published, with no node_modules beside it", () => {
  let world: World;
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "bff-deployed-"));
    const appFolder = join(folder, "app");
    await packageApp(".", appFolder);
    world = await startWorld({ appFolder });
  });
  after(async () => {
    await world.stop();
    await rm(folder, { recursive: true, force: true });
  });

  it("is ready, and shows its page with everything that the page loads", async () => {
    const client = world.client();
    assert.equal((await client.fetch("/readyz")).status, 200);
    const page = await client.fetch("/");
    const loaded = [...page.body.matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g)].map(([, path = ""]) => path);
    for (const path of [...loaded, "/assets/auth.js"]) assert.equal((await client.fetch(path)).status, 200, path);
  });

  it("signs in, calls the API, renews, and signs out", async () => {
    const client = world.client();
    world.identityProvider.controls.accessTokenLifetimeSeconds = 60;
    await signIn(client, "ada@contoso.example", "/healthz");
    assert.equal((await client.fetch("/api/graph/me")).json()["displayName"], "Ada Lindqvist");
    const { accountKey } = sessionOf(client);
    const { landed } = await signOut(world, client, "/healthz");
    assert.equal(landed.url, `${world.publicBaseUrl}/healthz`);
    assert.equal(await accountDocument(world, accountKey), undefined);
  });
});
