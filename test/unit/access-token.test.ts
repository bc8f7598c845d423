import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, mock, test } from "node:test";
import { accessToken } from "../../shared/downstream/access-token.ts";
import type { ApiSignInRequiredError, SignInRequiredError } from "../../shared/core/errors.ts";
import { authorityOf } from "../../shared/identity/authority.ts";
import { completeSignIn } from "../../shared/sign-in/sign-in.ts";
import { newTransaction } from "../../shared/sign-in/new-transaction.ts";
import { openSession } from "../../shared/sign-in/open-session.ts";
import type { ResolvedSession } from "../../shared/session/resolve.ts";
import type { SessionCookie } from "../../shared/session/cookie.ts";
import { useSession } from "../../shared/session/use.ts";
import { purgeAccount } from "../../shared/sign-out/by-administrator.ts";
import { exactClock, invocation, testApp, type TestApp } from "./support/app.ts";
import { isProblem } from "./support/is-problem.ts";
import { tenantId } from "./support/environment.ts";
import {
  clientInfo,
  identityProvider,
  refusal,
  settings,
  tokens,
  type IssuedTokens,
  userId,
  type TestIdentityProvider,
} from "./support/identity-provider.ts";
import { idTokenClaims, nonce, signed, type Claims } from "./support/tokens.ts";
import { once } from "./support/memory-store.ts";
import { isSignedIn, visit } from "./support/sessions.ts";

let idp: TestIdentityProvider;
let app: TestApp;
let cookie: SessionCookie;

beforeEach(() => {
  idp = identityProvider();
});
afterEach(() => mock.restoreAll());

/** Ada has signed in; her access token is good for `expiresIn` seconds. */
async function signedIn(expiresIn: number, more: IssuedTokens = {}): Promise<void> {
  const bare = testApp({
    ...settings,
    DownstreamApis__graph__BaseUrl: "https://graph.example",
    DownstreamApis__graph__Scopes: "User.Read",
    DownstreamApis__orders__BaseUrl: "https://orders.example",
    DownstreamApis__orders__Scopes: "api://orders/read",
  });
  app = { ...bare, authority: authorityOf(bare.configuration) };
  idp.token = () => tokens({ accessToken: "access-0", refreshToken: "refresh-0", expiresIn, ...more });
  const answer = { code: "c", sessionState: null, transaction: { ...newTransaction("/", false, exactClock()), nonce } };
  const completed = await completeSignIn(app.authority, app.configuration, answer, invocation().signal);
  cookie = await openSession(
    app,
    { signedIn: completed, userAgent: "", startedAt: Date.now(), previous: undefined },
    invocation(),
  );
  idp.token = () => tokens({ accessToken: "access-1", refreshToken: "refresh-1" });
  (idp.tokenRequests as unknown[]).length = 0;
}

const session = async (): Promise<ResolvedSession> => (await visit(app, cookie)) ?? assert.fail("not signed in");
const apiOf = (name: string) => app.configuration.downstreamApis.get(name) ?? assert.fail();
const acquire = async (open: ResolvedSession, asked = invocation(), name = "graph") =>
  accessToken(app, { session: open, api: apiOf(name), ...asked });
const writes = () => app.memory.accounts.asked.filter((kind) => kind === "replace").length;

describe("an access token that is still good", () => {
  test("is used without asking anybody and without a write", async () => {
    await signedIn(3_600);
    assert.equal(await acquire(await session()), "access-0");
    assert.deepEqual([idp.tokenRequests.length, writes()], [0, 0]);
  });
});

async function due(): Promise<ResolvedSession> {
  await signedIn(3_600, { refreshIn: 60 });
  mock.timers.enable({ apis: ["Date"], now: Date.now() + 120_000 });
  return session();
}

describe("an access token that is good but due for renewal", () => {
  afterEach(() => mock.timers.reset());

  test("is renewed for the next call, and stored", async () => {
    await acquire(await due());
    assert.deepEqual([idp.tokenRequests.length, writes()], [1, 1]);
    assert.equal(await acquire(await session()), "access-1");
  });

  test("is used as it is while the identity provider is down, without a write or a word of a renewal", async () => {
    const open = await due();
    idp.token = () => Promise.resolve(new Response("down", { status: 503 }));
    const asked = invocation();
    assert.equal(await acquire(open, asked), "access-0");
    assert.deepEqual([writes(), asked.events], [0, []]);
  });
});

describe("an access token whose renewal ahead of time is refused", () => {
  afterEach(() => mock.timers.reset());

  for (const suberror of ["bad_token", undefined]) {
    test(`serves until it expires, with one request and one write for all calls (suberror ${suberror})`, async () => {
      await due();
      idp.token = refusal("invalid_grant", { suberror });
      const events = [];
      for (const call of [1, 2, 3]) {
        const asked = invocation();
        assert.equal(await acquire(await session(), asked), "access-0", `call ${call}`);
        events.push(...asked.events.map(({ event }) => event));
      }
      assert.deepEqual([idp.tokenRequests.length, writes()], [1, 1]);
      assert.deepEqual(events, ["token_refused"]);
    });
  }

  test("does not take away what another instance has renewed meanwhile", async () => {
    const open = await due();
    const elsewhere = { ...app, renewals: testApp().renewals };
    idp.token = async () => {
      idp.token = () => tokens({ accessToken: "access-2", refreshToken: "refresh-2" });
      await accessToken(elsewhere, { session: open, api: apiOf("graph"), ...invocation() });
      return refusal("invalid_grant", { suberror: "bad_token" })();
    };
    await acquire(open);
    assert.equal(await acquire(await session()), "access-2");
    assert.match((await session()).secrets.tokenCache, /"secret":"refresh-2"/);
  });
});

describe("an access token that has expired", () => {
  beforeEach(() => signedIn(60));

  test("is renewed by one request and stored by one write", async () => {
    assert.equal(await acquire(await session()), "access-1");
    assert.equal(idp.tokenRequests[0]?.form.get("refresh_token"), "refresh-0");
    assert.equal(await acquire(await session()), "access-1");
    assert.deepEqual([idp.tokenRequests.length, writes()], [1, 1]);
  });

  test("counts as a use of the session when it is renewed, by the same write", async () => {
    mock.timers.enable({ apis: ["Date"], now: Date.now() + 20 * 60_000 });
    try {
      const open = await session();
      await acquire(open);
      await useSession(app, open, invocation());
      assert.deepEqual([(await session()).stored.lastSeenAt, writes()], [new Date().toISOString(), 1]);
    } finally {
      mock.timers.reset();
    }
  });

  test("is stored although nobody waits for it any more; who waits no longer is told why", async () => {
    const open = await session();
    const issued = Promise.withResolvers<void>();
    idp.token = async () => {
      await issued.promise;
      return tokens();
    };
    const patience = new AbortController();
    const waiting = [acquire(open, invocation(patience.signal)), acquire(open, invocation(patience.signal))];
    patience.abort();
    for (const caller of waiting) await assert.rejects(caller, isProblem("identity_provider_unavailable"));
    const stored = Promise.withResolvers<void>();
    once(app.memory.accounts, "replace", () => stored.resolve());
    issued.resolve();
    await stored.promise;
    assert.equal(await acquire(await session()), "access-1");
    assert.equal(idp.tokenRequests.length, 1);
  });

  test("is not used before it is stored: if the request's time is up then, the store is why", async () => {
    const open = await session();
    const [begun, end] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    once(app.memory.accounts, "replace", async () => {
      begun.resolve();
      await end.promise;
    });
    const patience = new AbortController();
    const waiting = acquire(open, invocation(patience.signal));
    await begun.promise;
    patience.abort();
    await assert.rejects(waiting, isProblem("store_unavailable"));
    end.resolve();
  });

  test("is not used when the account was signed out while the token endpoint answered", async () => {
    const open = await session();
    idp.token = async () => {
      await purgeAccount(app, `${userId}.${tenantId}`, invocation());
      return tokens();
    };
    await assert.rejects(acquire(open), isProblem("signin_required"));
    assert.equal(app.memory.accounts.documents.size, 0);
  });

  test("is renewed for two APIs at once, and both renewals are kept", async () => {
    const graphIsStored = Promise.withResolvers<void>();
    idp.token = async ({ form }) => {
      const isOrders = /orders/.test(form.get("scope") ?? "");
      if (isOrders) await graphIsStored.promise;
      const scope = isOrders ? "api://orders/read" : "User.Read";
      return tokens({ accessToken: `access to ${scope}`, refreshToken: "refresh-1", scope });
    };
    const open = await session();
    const [orders] = [acquire(open, invocation(), "orders"), await acquire(open)];
    graphIsStored.resolve();
    await orders;
    const latest = await session();
    assert.equal(await acquire(latest), "access to User.Read");
    assert.equal(await acquire(latest, invocation(), "orders"), "access to api://orders/read");
    assert.equal(idp.tokenRequests.length, 2, "a token was lost and had to be asked for again");
  });
});

const otherId = "6c7d8e9f-2222-4333-8444-555566667777";
const otherTenant = "99999999-7d2e-4c60-8b14-5e6f7a8b9c0d";
const idTokenOf = async (changes: Claims) => signed(idTokenClaims({ oid: userId, ...changes }));
/** Answers of the token endpoint that are not about Ada, or not about her alone. */
const foreign: Readonly<Record<string, () => Promise<IssuedTokens>>> = {
  "another account's tokens": async () => ({
    clientInfo: clientInfo(otherId, tenantId),
    idToken: await idTokenOf({ oid: otherId, sub: "subject-2" }),
  }),
  "another account's client_info": async () => ({ clientInfo: clientInfo(otherId, tenantId) }),
  "the client_info of another tenant": async () => ({ clientInfo: clientInfo(userId, otherTenant) }),
  "a client_info that cannot be read": async () => ({ clientInfo: "garbage" }),
  "a client_info that names nobody": async () => ({ clientInfo: clientInfo("", "") }),
  "no client_info": async () => ({ clientInfo: undefined }),
  "the ID token of another object": async () => ({ idToken: await idTokenOf({ oid: otherId }) }),
  "the ID token of another tenant": async () => ({ idToken: await idTokenOf({ tid: otherTenant }) }),
  "the ID token of another subject": async () => ({ idToken: await idTokenOf({ sub: "subject-2" }) }),
  "the ID token of another issuer": async () => ({ idToken: await idTokenOf({ iss: "https://evil.example" }) }),
  "the ID token for another app": async () => ({ idToken: await idTokenOf({ aud: otherId }) }),
  "an ID token that cannot be read": async () => ({ idToken: "garbage" }),
};

describe("a renewal that is answered with", () => {
  for (const [what, issued] of Object.entries(foreign)) {
    test(`${what}: nothing of it is used or stored, and the session ends`, async () => {
      await signedIn(60);
      idp.token = async () =>
        tokens({ accessToken: "foreign-access", refreshToken: "foreign-refresh", ...(await issued()) });
      const asked = invocation();
      await assert.rejects(acquire(await session(), asked), (error: SignInRequiredError) => {
        isProblem("signin_required")(error);
        assert.equal(error.sessionEnded, true);
        return true;
      });
      assert.deepEqual([writes(), await isSignedIn(app, cookie)], [0, false]);
      assert.ok(asked.events.some(({ event }) => event === "token_of_other_account"));
      assert.doesNotMatch(JSON.stringify(asked.events), /foreign|6c7d8e9f/);
    });
  }

  test("her own account's tokens without an ID token is used", async () => {
    await signedIn(60);
    idp.token = () => tokens({ idToken: undefined });
    assert.equal(await acquire(await session()), "access-1");
  });
});

test("a renewal ahead of time that is answered with another account's tokens ends the session as well", async () => {
  const open = await due();
  idp.token = () => tokens({ accessToken: "foreign", clientInfo: clientInfo(otherId, tenantId) });
  await assert.rejects(acquire(open), isProblem("signin_required"));
  mock.timers.reset();
  assert.deepEqual([writes(), await isSignedIn(app, cookie)], [0, false]);
});

test("a claims challenge that is answered with another account's tokens ends the session as well", async () => {
  await signedIn(3_600);
  idp.token = () => tokens({ accessToken: "foreign", clientInfo: clientInfo(otherId, tenantId) });
  const met = accessToken(app, {
    session: await session(),
    api: apiOf("graph"),
    claims: '{"access_token":{}}',
    ...invocation(),
  });
  await assert.rejects(met, isProblem("signin_required"));
  assert.equal(await isSignedIn(app, cookie), false);
});

describe("a claims challenge of an API", () => {
  const claims = '{"access_token":{"acrs":{"essential":true,"value":"c1"}}}';
  const meet = async () => accessToken(app, { session: await session(), api: apiOf("graph"), claims, ...invocation() });
  beforeEach(() => signedIn(3_600));

  test("is met by one token request with its claims, and the token is stored for the next call", async () => {
    assert.equal(await meet(), "access-1");
    const asked = JSON.parse(idp.tokenRequests[0]?.form.get("claims") ?? "") as { access_token: object };
    assert.deepEqual(asked.access_token, { acrs: { essential: true, value: "c1" }, xms_cc: { values: ["cp1"] } });
    assert.equal(await acquire(await session()), "access-1");
    assert.deepEqual([idp.tokenRequests.length, writes()], [1, 1]);
  });

  test("uses the refresh token that another request has stored meanwhile", async () => {
    const early = await session();
    const elsewhere = { ...app, renewals: testApp().renewals };
    idp.token = () => tokens({ accessToken: "access-1", refreshToken: "refresh-1" });
    await meet();
    await accessToken(elsewhere, { session: early, api: apiOf("graph"), claims, ...invocation() });
    assert.equal(idp.tokenRequests[1]?.form.get("refresh_token"), "refresh-1");
  });

  test("asks for nothing when the session has ended meanwhile; the browser's cookie is not judged", async () => {
    const early = await session();
    await purgeAccount(app, `${userId}.${tenantId}`, invocation());
    const late = accessToken(app, { session: early, api: apiOf("graph"), claims, ...invocation() });
    await assert.rejects(late, ({ sessionEnded }: SignInRequiredError) => !sessionEnded);
    assert.equal(idp.tokenRequests.length, 0);
  });

  const refusals: readonly [what: string, error: string, answer: object, claims: string | undefined, ends: boolean][] =
    [
      [
        "for its own reasons",
        "invalid_grant",
        { suberror: "basic_action", claims: '{"id_token":{}}' },
        '{"id_token":{}}',
        false,
      ],
      ["for want of the person", "interaction_required", {}, claims, false],
      ["without a reason that can be read", "invalid_grant", {}, claims, false],
      ["because the sessions were revoked", "invalid_grant", { error_codes: [50173] }, undefined, true],
    ];
  for (const [what, error, answer, wanted, ends] of refusals) {
    test(`that is refused ${what}: the session ${ends ? "ends" : "stays, and the person is told the claims"}`, async () => {
      idp.token = refusal(error, answer);
      await assert.rejects(meet(), (thrown: SignInRequiredError) => {
        assert.deepEqual([thrown.claims, thrown.sessionEnded], [wanted, ends]);
        return true;
      });
      assert.equal(await isSignedIn(app, cookie), !ends);
    });
  }
});

describe("a refresh token that is refused for good", () => {
  beforeEach(() => signedIn(60));

  for (const [what, code] of [
    ["revoked, or the password was changed", 50173],
    ["the account is disabled", 50057],
    ["not used for too long", 700082],
  ] as const) {
    test(`${what}: the session ends at once, after one look at the store`, async () => {
      idp.token = refusal("invalid_grant", { suberror: "bad_token", error_codes: [code] });
      const open = await session();
      const { length } = app.memory.accounts.asked;
      await assert.rejects(acquire(open), isProblem("signin_required"));
      assert.deepEqual(app.memory.accounts.asked.slice(length), ["read", "read", "delete"]);
      assert.equal(await isSignedIn(app, cookie), false);
    });
  }

  test("ends the session: the person signs in again", async () => {
    idp.token = refusal("invalid_grant", { suberror: "bad_token" });
    const asked = invocation();
    await assert.rejects(acquire(await session(), asked), (error: SignInRequiredError) => {
      isProblem("signin_required", /^(?!.*AADSTS)/)(error);
      assert.equal(error.sessionEnded, true);
      return true;
    });
    assert.equal(await isSignedIn(app, cookie), false);
    assert.equal(idp.tokenRequests.length, 1);
    assert.doesNotMatch(JSON.stringify(asked.events), /secret-in-a-description|refresh-0/);
  });
});

describe("a refusal that is not certain and comes late", () => {
  beforeEach(() => signedIn(60));

  test("after 4.5 s ends the session within the request's time, and says so", async () => {
    let passed = 0;
    const clock = performance.now.bind(performance);
    mock.method(performance, "now", () => clock() + passed);
    idp.token = async () => {
      passed = 4_500;
      return refusal("invalid_grant")();
    };
    const open = await session();
    const { length } = app.memory.accounts.asked;
    await assert.rejects(acquire(open), (error: SignInRequiredError) => {
      isProblem("signin_required")(error);
      assert.equal(error.sessionEnded, true);
      return true;
    });
    assert.equal(await isSignedIn(app, cookie), false);
    const looks = app.memory.accounts.asked.slice(length).indexOf("delete");
    assert.ok(looks >= 2 && looks < 6, `${looks} looks at the store`);
  });

  test("is not waited out when the request's time is up, and the store is not blamed", async () => {
    idp.token = refusal("invalid_grant");
    const open = await session();
    const ends = new AbortController();
    let looks = 0;
    app.memory.accounts.before = async (kind) => {
      if (kind === "read" && ++looks === 3) setImmediate(() => ends.abort());
    };
    await assert.rejects(acquire(open, invocation(ends.signal)), isProblem("identity_provider_unavailable"));
    assert.equal(looks, 3);
  });
});

const signedInLongAgo = (open: ResolvedSession): ResolvedSession => ({
  ...open,
  stored: { ...open.stored, createdAt: new Date(Date.now() - 60 * 60_000).toISOString() },
});

describe("when the identity provider wants something else", () => {
  beforeEach(() => signedIn(60));

  const more: readonly [what: string, error: string, answer: object, claims: string | undefined][] = [
    ["a claims challenge", "interaction_required", { claims: '{"access_token":{}}' }, '{"access_token":{}}'],
    ["another factor", "interaction_required", {}, undefined],
    ["consent", "invalid_grant", { suberror: "consent_required" }, undefined],
    ["consent, by its number alone", "invalid_grant", { error_codes: [65001] }, undefined],
    ["what only a message can explain", "invalid_grant", { suberror: "message_only" }, undefined],
  ];
  for (const [what, error, answer, claims] of more) {
    test(`${what}: the person is asked, and stays signed in`, async () => {
      idp.token = refusal(error, answer);
      await assert.rejects(acquire(signedInLongAgo(await session())), (thrown: SignInRequiredError) => {
        isProblem("signin_required")(thrown);
        assert.deepEqual([thrown.claims, thrown.sessionEnded], [claims, false]);
        return true;
      });
      assert.ok(await isSignedIn(app, cookie));
    });

    if (claims !== undefined) continue;
    test(`${what}, just after a sign-in that was about this API: another one is not asked for`, async () => {
      idp.token = refusal(error, answer);
      await assert.rejects(acquire(await session()), isProblem("api_not_permitted"));
      assert.ok(await isSignedIn(app, cookie));
    });

    test(`${what}, for another API: a sign-in for that API is asked for, and not after it has been`, async () => {
      idp.token = refusal(error, answer);
      const open = await session();
      await assert.rejects(acquire(open, invocation(), "orders"), (thrown: ApiSignInRequiredError) => {
        isProblem("api_signin_required")(thrown);
        assert.equal(thrown.api, "orders");
        return true;
      });
      const forOrders = { ...open, secrets: { ...open.secrets, signedInFor: "orders" } };
      await assert.rejects(acquire(forOrders, invocation(), "orders"), isProblem("api_not_permitted"));
      const later = acquire(signedInLongAgo(forOrders), invocation(), "orders");
      await assert.rejects(later, isProblem("api_signin_required"));
      assert.ok(await isSignedIn(app, cookie));
    });
  }

  test("of the app: whoever runs it must act, and the person stays signed in", async () => {
    idp.token = refusal("invalid_client");
    await assert.rejects(acquire(await session()), isProblem("app_refused"));
    assert.ok(await isSignedIn(app, cookie));
  });

  test("nothing, being down: the person stays signed in", async () => {
    idp.token = () => Promise.resolve(new Response("down", { status: 503 }));
    await assert.rejects(acquire(await session()), isProblem("identity_provider_unavailable"));
    assert.ok(await isSignedIn(app, cookie));
  });
});
