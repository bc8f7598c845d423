import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, mock, test } from "node:test";
import type { SignInRequiredError } from "../../shared/core/errors.ts";
import { revalidated } from "../../shared/downstream/revalidate.ts";
import { authorityOf } from "../../shared/identity/authority.ts";
import type { SessionCookie } from "../../shared/session/cookie.ts";
import type { ResolvedSession } from "../../shared/session/resolve.ts";
import { newTransaction } from "../../shared/sign-in/new-transaction.ts";
import { openSession } from "../../shared/sign-in/open-session.ts";
import { completeSignIn } from "../../shared/sign-in/sign-in.ts";
import { purgeAccount } from "../../shared/sign-out/by-administrator.ts";
import { exactClock, invocation, testApp, type TestApp } from "./support/app.ts";
import type { Environment } from "../../shared/configuration/settings-reader.ts";
import { tenantId } from "./support/environment.ts";
import {
  identityProvider,
  refusal,
  settings,
  tokens,
  userId,
  type TestIdentityProvider,
} from "./support/identity-provider.ts";
import { isProblem } from "./support/is-problem.ts";
import { isSignedIn, storedKeys, visit } from "./support/sessions.ts";
import { nonce } from "./support/tokens.ts";

const minute = 60_000;
const graph = { DownstreamApis__graph__BaseUrl: "https://graph.example", DownstreamApis__graph__Scopes: "User.Read" };
const down = () => Promise.resolve(new Response("down", { status: 503 }));

let idp: TestIdentityProvider;
let app: TestApp;
let cookie: SessionCookie;

beforeEach(async () => {
  idp = identityProvider();
  mock.timers.enable({ apis: ["Date"], now: Date.parse("2026-03-01T12:00:00Z") });
  await signedIn(graph);
});
afterEach(() => {
  mock.timers.reset();
  mock.restoreAll();
});

/** Ada has signed in; her access token is good for a day, as with continuous access evaluation. */
async function signedIn(environment: Environment, refreshToken = "refresh-0"): Promise<void> {
  const lifetimes = { Session__IdleTimeoutMinutes: "600", Session__RevalidateMinutes: "60" };
  const bare = testApp({ ...settings, ...lifetimes, ...environment });
  app = { ...bare, authority: authorityOf(bare.configuration) };
  idp.token = () => tokens({ accessToken: "access-0", refreshToken, expiresIn: 86_400 });
  const answer = { code: "c", sessionState: null, transaction: { ...newTransaction("/", false, exactClock()), nonce } };
  const completed = await completeSignIn(app.authority, app.configuration, answer, invocation().signal);
  const opened = { signedIn: completed, userAgent: "", startedAt: Date.now(), previous: undefined };
  cookie = await openSession(app, opened, invocation());
  idp.token = () => tokens({ accessToken: "access-1", refreshToken: "refresh-1", expiresIn: 86_400 });
  (idp.tokenRequests as unknown[]).length = 0;
}

const pass = (minutes: number) => mock.timers.setTime(Date.now() + minutes * minute);
const session = async (): Promise<ResolvedSession> => (await visit(app, cookie)) ?? assert.fail("not signed in");
const use = async (asked = invocation(), isUse = true) => revalidated(app, await session(), asked, isUse);
const cost = () => [idp.tokenRequests.length, app.memory.accounts.asked.filter((kind) => kind === "replace").length];

describe("a session for which the identity provider has not answered for an hour", () => {
  test("is left alone before that", async () => {
    pass(59);
    await use();
    assert.deepEqual(cost(), [0, 0]);
  });

  test("renews a token at its next use, with one request and one write, and then not for another hour", async () => {
    pass(60);
    const renewed = await use();
    assert.match(renewed.secrets.tokenCache, /"secret":"access-1"/);
    assert.equal(idp.tokenRequests[0]?.form.get("refresh_token"), "refresh-0");
    pass(59);
    await use();
    assert.deepEqual(cost(), [1, 1]);
    pass(1);
    await use();
    assert.deepEqual(cost(), [2, 2]);
  });

  for (const number of [50057, 50173, 50034]) {
    test(`ends when the identity provider refuses for good (AADSTS${number})`, async () => {
      pass(60);
      idp.token = refusal("invalid_grant", { error_codes: [number] });
      const asked = invocation();
      await assert.rejects(use(asked), (error: SignInRequiredError) => error.sessionEnded);
      assert.equal(app.memory.accounts.documents.size, 0);
      const { attributes } = asked.events.find(({ event }) => event === "signout") ?? assert.fail();
      assert.deepEqual([attributes["origin"], attributes["outcome"]], ["token_refused", "account_deleted"]);
    });
  }

  test("ends when it never got a refresh token: nobody can answer for it", async () => {
    await signedIn(graph, "");
    pass(60);
    await assert.rejects(use(), isProblem("signin_required"));
    assert.ok(!(await isSignedIn(app, cookie)));
  });

  test("stays when only the API wants more of the person, and does not ask at every use", async () => {
    pass(60);
    idp.token = refusal("invalid_grant", { suberror: "consent_required" });
    assert.match((await use()).secrets.tokenCache, /"secret":"access-0"/);
    await use();
    assert.deepEqual(cost(), [1, 1]);
  });

  test("is never asked about with 0 minutes", async () => {
    await signedIn({ ...graph, Session__RevalidateMinutes: "0" });
    pass(599);
    await use();
    assert.deepEqual(cost(), [0, 0]);
  });

  test("renews a token also in an app that calls no API in the person's name", async () => {
    await signedIn({ DownstreamApis__graph__BaseUrl: "https://a.example", DownstreamApis__graph__Token: "Anonymous" });
    pass(60);
    await use();
    assert.deepEqual(cost(), [1, 1]);
  });

  test("is not extended by a page that only asks who is signed in", async () => {
    const { lastSeenAt } = (await session()).stored;
    pass(60);
    await use(invocation(), false);
    assert.equal((await session()).stored.lastSeenAt, lastSeenAt);
    pass(60);
    await use();
    assert.notEqual((await session()).stored.lastSeenAt, lastSeenAt);
  });
});

describe("while the identity provider does not answer", () => {
  test("the session serves for another hour, and is asked about once a minute at most", async () => {
    pass(60);
    idp.token = down;
    const asked = invocation();
    assert.match((await use(asked)).secrets.tokenCache, /"secret":"access-0"/);
    assert.deepEqual(
      asked.events.map(({ event }) => event),
      ["session_not_revalidated"],
    );
    await use();
    assert.deepEqual(cost(), [1, 0]);
  });

  test("the session serves no longer after that, but stays, and serves again with the next answer", async () => {
    pass(120);
    idp.token = down;
    await assert.rejects(use(), isProblem("identity_provider_unavailable"));
    idp.token = () => tokens({ accessToken: "access-1" });
    assert.match((await use()).secrets.tokenCache, /"secret":"access-1"/);
  });
});

describe("races about asking again", () => {
  test("ten requests at once | the token endpoint answers: one token request and one write for all", async () => {
    pass(60);
    const open = await session();
    await Promise.all(Array.from({ length: 10 }, () => revalidated(app, open, invocation(), true)));
    assert.deepEqual(cost(), [1, 1]);
  });

  test("a request asks again | a sign-out deletes the account | the token endpoint answers: signed out, nothing written", async () => {
    pass(60);
    idp.token = async () => {
      await purgeAccount(app, `${userId}.${tenantId}`, invocation());
      return tokens({ accessToken: "access-1" });
    };
    await assert.rejects(use(), isProblem("signin_required"));
    assert.deepEqual(storedKeys(app, cookie) ?? [], []);
  });

  test("a request asks again | a sign-out deletes the account | the token endpoint does not answer: signed out, nothing written", async () => {
    pass(60);
    idp.token = async () => {
      await purgeAccount(app, `${userId}.${tenantId}`, invocation());
      return down();
    };
    await assert.rejects(use(), isProblem("signin_required"));
    assert.equal(storedKeys(app, cookie), undefined);
  });

  test("two instances ask again | one is refused, because the other has the successor: the session stays", async () => {
    pass(60);
    const open = await session();
    const elsewhere = { ...app, renewals: testApp().renewals };
    idp.token = async () => {
      idp.token = () => tokens({ accessToken: "access-2", refreshToken: "refresh-2" });
      await revalidated(elsewhere, open, invocation(), true);
      return refusal("invalid_grant")();
    };
    const kept = await revalidated(app, open, invocation(), true);
    assert.match(kept.secrets.tokenCache, /"secret":"access-2"/);
    assert.equal(idp.tokenRequests.length, 2);
  });

  test("two instances ask again | both are answered | both write: nothing is lost, and neither asks a third time", async () => {
    pass(60);
    const open = await session();
    const elsewhere = { ...app, renewals: testApp().renewals };
    idp.token = async () => {
      idp.token = () => tokens({ accessToken: "access-2", refreshToken: "refresh-2" });
      await revalidated(elsewhere, open, invocation(), true);
      return tokens({ accessToken: "access-3", refreshToken: "refresh-3" });
    };
    await revalidated(app, open, invocation(), true);
    const { stored, secrets } = await session();
    assert.equal(stored.revalidatedAt, new Date().toISOString());
    assert.match(secrets.tokenCache, /"secret":"refresh-3"/);
    assert.equal(idp.tokenRequests.length, 2);
  });
});
