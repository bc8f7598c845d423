import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, describe, it } from "node:test";
import { decodeJwt } from "jose";
import { assertProblem } from "../support/assertions.ts";
import { logoutToken, sendLogoutToken, subjectOf } from "../support/logout-token.ts";
import { sidOf } from "../support/sign-out.ts";
import { accountDocument, dumpStore } from "../support/store.ts";
import { sessionOf, signIn, startWorld, type World } from "../support/world.ts";

describe("back-channel sign-out", () => {
  let world: World;
  before(async () => {
    world = await startWorld();
    world.identityProvider.controls.announceBackChannelLogout = true;
  });
  after(() => world.stop());

  it("ends the account of the token's sid, with at most four store operations", async () => {
    const client = world.client();
    await signIn(client, "ada@contoso.example", "/healthz");
    const { accountKey } = sessionOf(client);
    const token = await logoutToken(world, { sid: sidOf(world, "ada@contoso.example") });
    world.cosmos.operations.clear();
    const answer = await sendLogoutToken(world, token);
    assert.equal(answer.status, 200, answer.body);
    assert.equal(answer.headers["cache-control"], "no-store");
    assert.ok(world.cosmos.operations.all().length <= 4);
    assert.equal(await accountDocument(world, accountKey), undefined);
    assertProblem(await client.fetch("/auth/me"), 401, "signin_required");
  });

  it("ends all sessions of a subject when the token names no session", async () => {
    const [one, two] = [world.client(), world.client()];
    for (const client of [one, two]) await signIn(client, "bruno@contoso.example", "/healthz");
    const token = await logoutToken(world, { sub: subjectOf(world, "bruno@contoso.example") });
    world.cosmos.operations.clear();
    assert.equal((await sendLogoutToken(world, token)).status, 200);
    assert.ok(world.cosmos.operations.all().length <= 4);
    for (const client of [one, two]) assertProblem(await client.fetch("/auth/me"), 401, "signin_required");
  });

  it("takes each token once: a replay signs out no later sign-in", async () => {
    const client = world.client();
    await signIn(client, "zoe@contoso.example", "/healthz");
    for (const token of [
      await logoutToken(world, { sub: subjectOf(world, "zoe@contoso.example") }),
      await logoutToken(world, { sid: sidOf(world, "zoe@contoso.example") }),
    ]) {
      assert.equal((await sendLogoutToken(world, token)).status, 200);
      const later = world.client();
      await signIn(later, "zoe@contoso.example", "/healthz");
      assertProblem(await sendLogoutToken(world, token), 400, "logout_token_invalid");
      assert.equal((await later.fetch("/auth/me")).status, 200);
    }
  });

  it("takes each token once, also after others: a replay signs out no later sign-in", async () => {
    await signIn(world.client(), "zoe@contoso.example", "/healthz");
    const sub = subjectOf(world, "zoe@contoso.example");
    const [first, second] = [await logoutToken(world, { sub }), await logoutToken(world, { sub })];
    for (const token of [first, second]) assert.equal((await sendLogoutToken(world, token)).status, 200);
    const later = world.client();
    await signIn(later, "zoe@contoso.example", "/healthz");
    for (const token of [first, second])
      assertProblem(await sendLogoutToken(world, token), 400, "logout_token_invalid");
    assert.equal((await later.fetch("/auth/me")).status, 200);
  });

  for (const count of [17, 220]) {
    it(`takes each token once, also after ${count} others: a replay signs out no later sign-in, and a new one does`, async () => {
      await signIn(world.client(), "zoe@contoso.example", "/healthz");
      const sub = subjectOf(world, "zoe@contoso.example");
      const first = await logoutToken(world, { sub });
      assert.equal((await sendLogoutToken(world, first)).status, 200);
      for (let sent = 0; sent < count; sent++) {
        assert.equal((await sendLogoutToken(world, await logoutToken(world, { sub }))).status, 200);
      }
      const later = world.client();
      await signIn(later, "zoe@contoso.example", "/healthz");
      assertProblem(await sendLogoutToken(world, first), 400, "logout_token_invalid");
      assert.equal((await later.fetch("/auth/me")).status, 200);
      assert.equal((await sendLogoutToken(world, await logoutToken(world, { sub }))).status, 200);
      assertProblem(await later.fetch("/auth/me"), 401, "signin_required");
    });
  }

  it("takes a token that is signed with a new key, which the app has not read yet", async () => {
    const client = world.client();
    await signIn(client, "zoe@contoso.example", "/healthz");
    world.identityProvider.controls.rotateSigningKey();
    const answer = await sendLogoutToken(world, await logoutToken(world, { sid: sidOf(world, "zoe@contoso.example") }));
    assert.equal(answer.status, 200, answer.body);
    assertProblem(await client.fetch("/auth/me"), 401, "signin_required");
  });

  it("finishes what the first receipt of a token has begun", async (test) => {
    const client = world.client();
    await signIn(client, "zoe@contoso.example", "/healthz");
    const { accountKey } = sessionOf(client);
    const token = await logoutToken(world, { sid: sidOf(world, "zoe@contoso.example") });
    // The index is marked; then this request goes no further.
    const gate = world.cosmos.faults.gate({ match: { kind: "read", container: "accounts" }, when: "before" });
    test.after(() => gate.releaseAll());
    const first = sendLogoutToken(world, token);
    await gate.reached();
    assert.equal((await sendLogoutToken(world, token)).status, 200);
    assert.equal(await accountDocument(world, accountKey), undefined);
    gate.release();
    assert.equal((await first).status, 200);
    assertProblem(await sendLogoutToken(world, token), 400, "logout_token_invalid");
  });

  it("spares a session begun after the token was issued, and leaves it within reach of the next one", async () => {
    const client = world.client();
    await signIn(client, "zoe@contoso.example", "/healthz");
    const sub = subjectOf(world, "zoe@contoso.example");
    const { iat } = decodeJwt(await logoutToken(world, {}));
    assert.equal((await sendLogoutToken(world, await logoutToken(world, { sub, iat: Number(iat) - 400 }))).status, 200);
    assert.equal((await client.fetch("/auth/me")).status, 200);
    // What would have expired a while later.
    const { sids } = await dumpStore(world);
    const short = Object.keys(sids).filter((id) => Number(/"ttl":(\d+)/.exec(sids[id] ?? "")?.[1]) < 3600);
    for (const id of short) await world.sids.item(id, id).delete();
    assert.equal((await sendLogoutToken(world, await logoutToken(world, { sub }))).status, 200);
    assertProblem(await client.fetch("/auth/me"), 401, "signin_required");
  });

  it("refuses every token that is not a valid logout token, and changes nothing", async () => {
    const client = world.client();
    await signIn(client, "ada@contoso.example", "/healthz");
    const sid = sidOf(world, "ada@contoso.example");
    const now = Math.floor(Date.now() / 1000);
    const tokens: Record<string, string> = {
      "foreign signature": await logoutToken(world, { sid }, { signature: "foreign-key" }),
      "broken signature": await logoutToken(world, { sid }, { signature: "corrupt" }),
      "no signature": await logoutToken(world, { sid }, { signature: "none" }),
      "foreign issuer": await logoutToken(world, { sid, iss: "https://evil.example/v2.0" }),
      "foreign audience": await logoutToken(world, { sid, aud: randomUUID() }),
      "no iat": await logoutToken(world, { sid, iat: undefined }),
      "old iat": await logoutToken(world, { sid, iat: now - 3600 }),
      "no exp": await logoutToken(world, { sid, exp: undefined }),
      expired: await logoutToken(world, { sid, exp: now - 3600 }),
      "no events": await logoutToken(world, { sid, events: undefined }),
      "another event": await logoutToken(world, { sid, events: { "http://schemas.openid.net/event/other": {} } }),
      "a nonce": await logoutToken(world, { sid, nonce: "n" }),
      "no jti": await logoutToken(world, { sid, jti: undefined }),
      "neither sid nor sub": await logoutToken(world, {}),
      "another type": await logoutToken(world, { sid }, { header: { typ: "at+jwt" } }),
      "no JWT": "nonsense",
    };
    const stored = await dumpStore(world);
    for (const [flaw, token] of Object.entries(tokens)) {
      const answer = await sendLogoutToken(world, token);
      assert.equal(`${flaw}: ${answer.status}`, `${flaw}: 400`);
      assertProblem(answer, 400, "logout_token_invalid");
    }
    assertProblem(
      await sendLogoutToken(world, await logoutToken(world, { sid }), { contentType: "application/json" }),
      400,
      "invalid_request",
    );
    assert.deepEqual(await dumpStore(world), stored);
    assert.equal((await client.fetch("/auth/me")).status, 200);
  });
});
