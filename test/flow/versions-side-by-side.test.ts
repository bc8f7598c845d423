import assert from "node:assert/strict";
import { rm } from "node:fs/promises";
import { after, before, describe, it } from "node:test";
import { startApp } from "@entra-functions-bff/development";
import { assertProblem, clearsSession } from "../support/assertions.ts";
import { createClient, type Client } from "../support/http-client.ts";
import { laterVersion, type Edit } from "../support/later-version.ts";
import { frontChannel, sidOf } from "../support/sign-out.ts";
import { accountDocument } from "../support/store.ts";
import { sessionOf, signIn, startWorld, type World } from "../support/world.ts";

const ada = "ada@contoso.example";
const bruno = "bruno@contoso.example";

/** A later version keeps more in each session, and more beside the sessions. */
const moreMembers: readonly Edit[] = [
  {
    file: "shared/sign-in/open-session.ts",
    from: "createdTick: app.clock.tick(),",
    to: 'createdTick: app.clock.tick(), device: "a later version’s",',
  },
  { file: "shared/account/change-account.ts", from: "return { id, sessions,", to: "return { id, region: 1, sessions," },
];

/** A later version writes documents that this one would misread. */
const anotherFormat: readonly Edit[] = [
  { file: "shared/store/format.ts", from: "export const formatVersion = 1;", to: "export const formatVersion = 2;" },
];

const isSignedIn = async (browser: Client) => (await browser.fetch("/api/graph/me")).status === 200;

describe("during a deployment, or after it was taken back", () => {
  let world: World;
  const folders: string[] = [];
  const instances: { stop: () => Promise<void> }[] = [];
  before(async () => {
    world = await startWorld();
  });
  after(async () => {
    await Promise.all(instances.map(async (instance) => instance.stop()));
    await world.stop();
    for (const folder of folders) await rm(folder, { recursive: true });
  });

  /** A later version on the same store; returns a browser that has `from`'s cookies, or none. */
  const start = async (edits: readonly Edit[]) => {
    const appFolder = await laterVersion(edits);
    folders.push(appFolder);
    const instance = await startApp(world.platform, { appFolder, port: 0 });
    instances.push(instance);
    return (from?: Client) => {
      const browser = createClient(world.publicBaseUrl, instance.url);
      for (const [name, value] of from?.cookies("localhost") ?? []) browser.setCookie("localhost", name, value);
      return browser;
    };
  };
  /** The same browser at this version again. */
  const backFrom = (browser: Client) => {
    const back = world.client();
    for (const [name, value] of browser.cookies("localhost")) back.setCookie("localhost", name, value);
    return back;
  };

  it("sessions live on from version to version and back, and a sign-out at either one ends those of both", async () => {
    const later = await start(moreMembers);
    const first = world.client();
    await signIn(first, ada, "/healthz");
    const second = later();
    await signIn(second, ada, "/healthz");
    assert.ok(await isSignedIn(later(first)));
    assert.ok(await isSignedIn(backFrom(second)));

    // A write of this version keeps what the later one has in a session.
    const third = world.client();
    await signIn(third, ada, "/healthz");
    const { sessions = {} } = (await accountDocument(world, sessionOf(first).accountKey)) ?? {};
    assert.equal(Object.values(sessions).filter((session) => "device" in session).length, 1);
    for (const browser of [first, second, third]) assert.ok(await isSignedIn(later(browser)));

    assert.equal((await frontChannel(first, `sid=${sidOf(world, ada)}`)).status, 200);
    for (const browser of [first, second, third]) assert.equal(await isSignedIn(later(browser)), false);

    const fourth = later();
    await signIn(fourth, ada, "/healthz");
    const query = `sid=${sidOf(world, ada)}`;
    assert.equal((await frontChannel(later(), query)).status, 200);
    assert.equal(await isSignedIn(backFrom(fourth)), false);
  });

  it("a format that this version does not know ends sessions here and no more, and no sign-out is lost", async () => {
    const later = await start(anotherFormat);
    const earlier = world.client();
    await signIn(earlier, bruno, "/healthz");
    assert.ok(await isSignedIn(later(earlier)));

    // From now on, the document has the later format.
    const since = later();
    await signIn(since, bruno, "/healthz");
    assert.ok(await isSignedIn(later(earlier)));
    const back = backFrom(since);
    const answer = await back.fetch("/api/graph/me");
    assertProblem(answer, 401, "signin_required");
    assert.ok(clearsSession(answer));
    assert.ok(await isSignedIn(since));

    // This version cannot read the entry of the sid either, but it leads to the account.
    assert.equal((await frontChannel(world.client(), `sid=${sidOf(world, bruno)}`)).status, 200);
    assert.equal(await isSignedIn(since), false);
    assert.equal(await accountDocument(world, sessionOf(earlier).accountKey), undefined);

    await signIn(back, bruno, "/healthz");
    assert.ok(await isSignedIn(back));
    assert.ok(await isSignedIn(later(back)));
  });
});
