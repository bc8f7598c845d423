import assert from "node:assert/strict";
import { after, before, beforeEach, describe, it } from "node:test";
import { eventually } from "@entra-functions-bff/stand-in-kit/eventually";
import { sessionKeyOf } from "../../shared/account/document.ts";
import { subjectKeyOf } from "../../shared/account/index-entry.ts";
import { successionKeyOf } from "../../shared/account/succession.ts";
import { assertProblem } from "../support/assertions.ts";
import type { Client } from "../support/http-client.ts";
import { logoutToken, sendLogoutToken, subjectOf } from "../support/logout-token.ts";
import { frontChannel, sidOf } from "../support/sign-out.ts";
import { accountDocument, startFresh } from "../support/store.ts";
import { ownForm, sessionCookie, sessionOf, signIn, startWorld, type World } from "../support/world.ts";

const ada = "ada@contoso.example";
const bruno = "bruno@contoso.example";

/** What another version of the app may make of an entry, or somebody's hand. */
const shapes: Readonly<Record<string, (entry: object, accountKey: string) => object>> = {
  "with a session key that is none": (entry) => ({ ...entry, sessionKey: { key: 5 } }),
  "without a session key": (entry) => ({ ...entry, sessionKey: undefined }),
  "with a mark that is no time": (entry) => ({ ...entry, signedOutAt: "not a date" }),
  "with a mark that is a number": (entry) => ({ ...entry, signedOutAt: 5 }),
  "with a mark for the far future": (entry) => ({ ...entry, signedOutAt: "9999-12-31T23:59:59.999Z" }),
  "without a mark": (entry) => ({ ...entry, signedOutAt: undefined }),
  "with tokens that are none": (entry) => ({ ...entry, jtis: { a: [null] } }),
  "with its account in a list": (entry, accountKey) => ({ ...entry, accountKey: [accountKey] }),
  "with its account in a member of another version": (entry, accountKey) => ({
    ...entry,
    accountKey: null,
    sessionKey: undefined,
    accounts: { [accountKey]: true, first: accountKey },
  }),
  "with more in it than fits": (entry) => ({ ...entry, sessionKey: "x".repeat(1_000_000), more: [{}] }),
  "with members of another version that can be left alone": (entry) => ({ ...entry, version: 2, accounts: [] }),
};

/** Where the account is lost: nothing can be reached any more, but nobody is kept out. */
const lost: Readonly<Record<string, object>> = {
  "that is empty": {},
  "with nothing but nulls": { accountKey: null, sessionKey: null, signedOutAt: null, jtis: null, writeId: null },
  "with an account that is none": { accountKey: "../../x?#", sessionKey: "", signedOutAt: "", ttl: 3600, writeId: 5 },
  "with lists for everything": { accountKey: [], sessionKey: [], signedOutAt: [], jtis: [[]], writeId: [] },
};

/**
 * A mark that cannot be read counts as made when the entry was last written. Here that was a moment ago, so a sign-in may be
 * refused for as long as the store's clock leaves a doubt about which came first.
 */
async function signInAfterDoubt(browser: Client): Promise<void> {
  await eventually("signed in", async () => signIn(browser, ada, "/healthz").then(() => true));
}

describe("an entry of the index that this version of the app cannot read", () => {
  let world: World;
  let client: Client;
  let accountKey: string;
  before(async () => {
    world = await startWorld();
    world.identityProvider.controls.announceBackChannelLogout = true;
  });
  after(() => world.stop());
  beforeEach(async () => {
    await startFresh(world);
    client = world.client();
    await signIn(client, ada, "/healthz");
    ({ accountKey } = sessionOf(client));
  });

  const sidKey = async () => {
    const [session] = Object.values((await accountDocument(world, accountKey))?.sessions ?? {});
    return session?.sid ?? assert.fail("no session with a sid");
  };
  async function damage(id: string, change: (entry: object, key: string) => object): Promise<void> {
    const { resource } = await world.sids.item(id, id).read<object>();
    assert.ok(resource, "there is no such entry");
    await world.sids.item(id, id).replace({ ...change(resource, accountKey), id });
  }
  function subjectKey(): string {
    const { instance, tenantId } = world.identityProvider;
    return subjectKeyOf(`${instance}${tenantId}/v2.0`, subjectOf(world, ada));
  }

  for (const [name, change] of Object.entries(shapes)) {
    describe(name, () => {
      it("is followed by a sign-out at the identity provider, which ends the account", async () => {
        await damage(await sidKey(), change);
        assert.equal((await frontChannel(world.client(), `sid=${sidOf(world, ada)}`)).status, 200);
        assert.equal(await accountDocument(world, accountKey), undefined);
      });

      it("is followed by a logout token, which is taken once", async () => {
        await damage(await sidKey(), change);
        const token = await logoutToken(world, { sid: sidOf(world, ada) });
        assert.equal((await sendLogoutToken(world, token)).status, 200);
        assert.equal(await accountDocument(world, accountKey), undefined);
        assertProblem(await sendLogoutToken(world, token), 400, "logout_token_invalid");
      });

      it("keeps nobody from signing in under that sid, nor is that session out of reach", async () => {
        const id = await sidKey();
        await damage(id, change);
        await signInAfterDoubt(client);
        assert.equal((await client.fetch("/api/graph/me")).status, 200);
        assert.equal(await sidKey(), id, "the identity provider has begun another session");
        assert.equal((await frontChannel(world.client(), `sid=${sidOf(world, ada)}`)).status, 200);
        assert.equal(await accountDocument(world, accountKey), undefined);
      });

      it("of a subject is followed by a logout token that names no session", async () => {
        await damage(subjectKey(), change);
        const token = await logoutToken(world, { sub: subjectOf(world, ada) });
        assert.equal((await sendLogoutToken(world, token)).status, 200);
        assert.equal(await accountDocument(world, accountKey), undefined);
      });

      it("of a subject keeps nobody from signing in", async () => {
        await damage(subjectKey(), change);
        const arriving = world.client();
        await signInAfterDoubt(arriving);
        assert.equal((await arriving.fetch("/auth/me")).status, 200);
      });
    });
  }

  for (const [name, entry] of Object.entries(lost)) {
    describe(name, () => {
      it("fails no sign-out, and the log says that one may have reached nobody", async () => {
        await damage(await sidKey(), () => entry);
        assert.equal((await frontChannel(world.client(), `sid=${sidOf(world, ada)}`)).status, 200);
        assert.match(world.log(), /"step":"read_sid","code":"sid_unreadable"/);
      });

      it("keeps nobody from signing in, after which the account can be reached again", async () => {
        await damage(await sidKey(), () => entry);
        await signInAfterDoubt(client);
        assert.equal((await frontChannel(world.client(), `sid=${sidOf(world, ada)}`)).status, 200);
        assert.equal(await accountDocument(world, accountKey), undefined);
      });
    });
  }

  it("that says which session has taken a session's place fails neither a sign-in nor a request nor a sign-out", async () => {
    const earlier = sessionOf(client);
    await signIn(client, bruno, "/healthz");
    await damage(successionKeyOf(sessionKeyOf(earlier.secret)), () => ({ accountKey: 5, signedOutAt: {} }));
    const late = world.client();
    late.setCookie("localhost", sessionCookie, earlier.value);
    assertProblem(await late.fetch("/auth/me"), 401, "signin_required");
    late.setCookie("localhost", sessionCookie, earlier.value);
    assert.equal((await late.fetch("/auth/logout", ownForm(world.publicBaseUrl))).status, 303);
    late.setCookie("localhost", sessionCookie, earlier.value);
    await signIn(late, bruno, "/healthz");
    assert.equal((await late.fetch("/api/graph/me")).status, 200);
  });
});
