import assert from "node:assert/strict";
import { copyFile, mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, describe, it } from "node:test";
import { signOut } from "../support/sign-out.ts";
import { accountDocument } from "../support/store.ts";
import { sessionOf, signIn, startWorld, type World } from "../support/world.ts";

describe("what is deployed, alone in a folder: bundle, host.json and package.json", () => {
  let world: World;
  let appFolder: string;
  before(async () => {
    appFolder = await mkdtemp(join(tmpdir(), "bff-deployed-"));
    const { main } = JSON.parse(await readFile("package.json", "utf8")) as { main: string };
    for (const file of ["host.json", "package.json", main]) {
      await mkdir(dirname(join(appFolder, file)), { recursive: true });
      await copyFile(file, join(appFolder, file));
    }
    world = await startWorld({ appFolder });
  });
  after(async () => {
    await world.stop();
    await rm(appFolder, { recursive: true, force: true });
  });

  it("is ready, and shows its page with everything that the page loads", async () => {
    const client = world.client();
    assert.equal((await client.fetch("/readyz")).status, 200);
    const page = await client.fetch("/");
    const loaded = [...page.body.matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g)].map(([, path = ""]) => path);
    assert.ok(loaded.length >= 2);
    for (const path of loaded) assert.equal((await client.fetch(path)).status, 200, path);
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
