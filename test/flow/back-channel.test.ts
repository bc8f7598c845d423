import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, describe, it } from "node:test";
import { decodeJwt } from "jose";
import { appClientId } from "../../local/platform.ts";
import { assertProblem } from "../support/assertions.ts";
import type { Answer } from "../support/http-client.ts";
import { sidOf } from "../support/sign-out.ts";
import { accountDocument, dumpStore } from "../support/store.ts";
import { sessionOf, signIn, startWorld, type World } from "../support/world.ts";

const event = "http://schemas.openid.net/event/backchannel-logout";
type Tampering = Parameters<World["identityProvider"]["controls"]["signToken"]>[1];

describe("back-channel sign-out", () => {
  let world: World;
  before(async () => {
    world = await startWorld();
    world.identityProvider.controls.announceBackChannelLogout = true;
  });
  after(() => world.stop());

  /** A logout token as it should be, but for `changes`; a claim set to undefined is left out. */
  async function logoutToken(changes: Record<string, unknown>, tampering?: Tampering): Promise<string> {
    const { instance, tenantId, controls } = world.identityProvider;
    const now = Math.floor(Date.now() / 1000);
    const claims = {
      iss: `${instance}${tenantId}/v2.0`,
      aud: appClientId,
      iat: now,
      exp: now + 120,
      jti: randomUUID(),
      events: { [event]: {} },
      ...changes,
    };
    const given = Object.fromEntries(Object.entries(claims).filter(([, value]) => value !== undefined));
    return controls.signToken(given, { header: { typ: "logout+jwt" }, ...tampering });
  }

  async function send(token: string, contentType = "application/x-www-form-urlencoded"): Promise<Answer> {
    const body = new URLSearchParams({ logout_token: token }).toString();
    const headers = { "content-type": contentType };
    return world.client().fetch("/auth/backchannel-logout", { method: "POST", headers, body });
  }

  function subjectOf(username: string): string {
    const tokens = world.identityProvider.controls.issuedTokens().filter((token) => token.split(".").length === 3);
    const claims = tokens.map((token) => decodeJwt(token));
    const idToken = claims.find((each) => each["preferred_username"] === username && each.aud === appClientId);
    return idToken?.sub ?? assert.fail(`No ID token for ${username}`);
  }

  it("ends the account of the token's sid, with at most four store operations", async () => {
    const client = world.client();
    await signIn(client, "ada@contoso.example", "/healthz");
    const { accountKey } = sessionOf(client);
    const token = await logoutToken({ sid: sidOf(world, "ada@contoso.example") });
    world.cosmos.operations.clear();
    const answer = await send(token);
    assert.equal(answer.status, 200, answer.body);
    assert.equal(answer.headers["cache-control"], "no-store");
    assert.ok(world.cosmos.operations.all().length <= 4);
    assert.equal(await accountDocument(world, accountKey), undefined);
    assertProblem(await client.fetch("/auth/me"), 401, "signin_required");
  });

  it("ends all sessions of a subject when the token names no session", async () => {
    const [one, two] = [world.client(), world.client()];
    for (const client of [one, two]) await signIn(client, "bruno@contoso.example", "/healthz");
    const token = await logoutToken({ sub: subjectOf("bruno@contoso.example") });
    world.cosmos.operations.clear();
    assert.equal((await send(token)).status, 200);
    assert.ok(world.cosmos.operations.all().length <= 4);
    for (const client of [one, two]) assertProblem(await client.fetch("/auth/me"), 401, "signin_required");
  });

  it("takes each token once: a replay signs out no later sign-in", async () => {
    const client = world.client();
    await signIn(client, "zoe@contoso.example", "/healthz");
    for (const token of [
      await logoutToken({ sub: subjectOf("zoe@contoso.example") }),
      await logoutToken({ sid: sidOf(world, "zoe@contoso.example") }),
    ]) {
      assert.equal((await send(token)).status, 200);
      const later = world.client();
      await signIn(later, "zoe@contoso.example", "/healthz");
      assertProblem(await send(token), 400, "logout_token_invalid");
      assert.equal((await later.fetch("/auth/me")).status, 200);
    }
  });

  it("takes each token once, also after others: a replay signs out no later sign-in", async () => {
    await signIn(world.client(), "zoe@contoso.example", "/healthz");
    const sub = subjectOf("zoe@contoso.example");
    const [first, second] = [await logoutToken({ sub }), await logoutToken({ sub })];
    for (const token of [first, second]) assert.equal((await send(token)).status, 200);
    const later = world.client();
    await signIn(later, "zoe@contoso.example", "/healthz");
    for (const token of [first, second]) assertProblem(await send(token), 400, "logout_token_invalid");
    assert.equal((await later.fetch("/auth/me")).status, 200);
  });

  it("finishes what the first receipt of a token has begun", async (test) => {
    const client = world.client();
    await signIn(client, "zoe@contoso.example", "/healthz");
    const { accountKey } = sessionOf(client);
    const token = await logoutToken({ sid: sidOf(world, "zoe@contoso.example") });
    // The index is marked; then this request goes no further.
    const gate = world.cosmos.faults.gate({ match: { kind: "read", container: "accounts" }, when: "before" });
    test.after(() => gate.releaseAll());
    const first = send(token);
    await gate.reached();
    assert.equal((await send(token)).status, 200);
    assert.equal(await accountDocument(world, accountKey), undefined);
    gate.release();
    assert.equal((await first).status, 200);
    assertProblem(await send(token), 400, "logout_token_invalid");
  });

  it("spares a session begun after the token was issued, and leaves it within reach of the next one", async () => {
    const client = world.client();
    await signIn(client, "zoe@contoso.example", "/healthz");
    const sub = subjectOf("zoe@contoso.example");
    const { iat } = decodeJwt(await logoutToken({}));
    assert.equal((await send(await logoutToken({ sub, iat: Number(iat) - 400 }))).status, 200);
    assert.equal((await client.fetch("/auth/me")).status, 200);
    // What would have expired a while later.
    const { sids } = await dumpStore(world);
    const short = Object.keys(sids).filter((id) => Number(/"ttl":(\d+)/.exec(sids[id] ?? "")?.[1]) < 3600);
    for (const id of short) await world.sids.item(id, id).delete();
    assert.equal((await send(await logoutToken({ sub }))).status, 200);
    assertProblem(await client.fetch("/auth/me"), 401, "signin_required");
  });

  it("refuses every token that is not a valid logout token, and changes nothing", async () => {
    const client = world.client();
    await signIn(client, "ada@contoso.example", "/healthz");
    const sid = sidOf(world, "ada@contoso.example");
    const now = Math.floor(Date.now() / 1000);
    const tokens: Record<string, string> = {
      "foreign signature": await logoutToken({ sid }, { signature: "foreign-key" }),
      "broken signature": await logoutToken({ sid }, { signature: "corrupt" }),
      "no signature": await logoutToken({ sid }, { signature: "none" }),
      "foreign issuer": await logoutToken({ sid, iss: "https://evil.example/v2.0" }),
      "foreign audience": await logoutToken({ sid, aud: randomUUID() }),
      "no iat": await logoutToken({ sid, iat: undefined }),
      "old iat": await logoutToken({ sid, iat: now - 3600 }),
      "no exp": await logoutToken({ sid, exp: undefined }),
      expired: await logoutToken({ sid, exp: now - 3600 }),
      "no events": await logoutToken({ sid, events: undefined }),
      "another event": await logoutToken({ sid, events: { "http://schemas.openid.net/event/other": {} } }),
      "a nonce": await logoutToken({ sid, nonce: "n" }),
      "no jti": await logoutToken({ sid, jti: undefined }),
      "neither sid nor sub": await logoutToken({}),
      "another type": await logoutToken({ sid }, { header: { typ: "at+jwt" } }),
      "no JWT": "nonsense",
    };
    const stored = await dumpStore(world);
    for (const [flaw, token] of Object.entries(tokens)) {
      const answer = await send(token);
      assert.equal(`${flaw}: ${answer.status}`, `${flaw}: 400`);
      assertProblem(answer, 400, "logout_token_invalid");
    }
    assertProblem(await send(await logoutToken({ sid }), "application/json"), 400, "invalid_request");
    assert.deepEqual(await dumpStore(world), stored);
    assert.equal((await client.fetch("/auth/me")).status, 200);
  });
});
