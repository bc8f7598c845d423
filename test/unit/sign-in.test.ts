import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, mock, test } from "node:test";
import { authorityOf } from "../../shared/identity/authority.ts";
import type { SignInOptions } from "../../shared/sign-in/authorization-request.ts";
import { authorizationUrl } from "../../shared/sign-in/authorization-url.ts";
import { completeSignIn, type SignedIn } from "../../shared/sign-in/sign-in.ts";
import { codeChallengeOf, newTransaction } from "../../shared/sign-in/new-transaction.ts";
import { isProblem } from "./support/is-problem.ts";
import { exactClock, metadata } from "./support/app.ts";
import { clientId, configuration, tenantId } from "./support/environment.ts";
import {
  clientInfo,
  identityProvider,
  refusal,
  settings,
  tokens,
  userId,
  type TestIdentityProvider,
} from "./support/identity-provider.ts";
import { forged, idTokenClaims, signed, type Claims } from "./support/tokens.ts";

const config = configuration({
  ...settings,
  DownstreamApis__graph__BaseUrl: "https://graph.example",
  DownstreamApis__graph__Scopes: "User.Read",
  DownstreamApis__orders__BaseUrl: "https://orders.example",
  DownstreamApis__orders__Scopes: "api://orders/read",
});
const { signal } = new AbortController();
const transaction = { ...newTransaction("/", false, exactClock()), nonce: "nonce-of-the-transaction" };
const plain: SignInOptions = {
  loginHint: null,
  domainHint: null,
  prompt: null,
  extraScopes: [],
  claims: null,
  maxAge: null,
  uiLocales: null,
  acrValues: null,
  display: null,
};
let idp: TestIdentityProvider;

beforeEach(() => {
  idp = identityProvider();
});
afterEach(() => mock.restoreAll());

const complete = (sessionState: string | null = null): Promise<SignedIn> =>
  completeSignIn(authorityOf(config), config, { code: "code-1", sessionState, transaction }, signal);

/** The token endpoint answers with an ID token that says something else. */
function idTokenSays(changes: Claims): void {
  idp.token = async () => tokens({ idToken: await signed(idTokenClaims(changes)) });
}

const getAuthCodeUrl = async () => "https://login.日本.example/autorisé?state=s";

const open = async (options: Partial<SignInOptions> = {}) =>
  new URL(await authorizationUrl(authorityOf(config), config, transaction, { ...plain, ...options }, signal));

describe("the way to the identity provider", () => {
  test("carries state, nonce and code challenge, and asks for all APIs' scopes", async () => {
    const url = await open();
    const { scope, claims, ...rest } = Object.fromEntries(url.searchParams);
    assert.equal(url.origin + url.pathname, metadata.authorizationEndpoint);
    assert.deepEqual(
      [rest["client_id"], rest["redirect_uri"], rest["response_type"], rest["response_mode"]],
      [clientId, "https://app.example/auth/callback", "code", "form_post"],
    );
    assert.deepEqual(
      [rest["state"], rest["nonce"], rest["code_challenge"], rest["code_challenge_method"]],
      [transaction.state, transaction.nonce, codeChallengeOf(transaction), "S256"],
    );
    const scopes = ["User.Read", "api://orders/read", "offline_access", "openid", "profile"];
    assert.deepEqual(scope?.split(" ").sort(), scopes.sort());
    assert.match(claims ?? "", /cp1/);
  });

  test("has the answer in the query where the identity provider knows no other way", async () => {
    for (const modes of [undefined, ["query", "fragment"], "form_post", [["form_post"]]]) {
      idp.responseModes = modes;
      assert.equal((await open()).searchParams.get("response_mode"), "query", JSON.stringify(modes));
    }
  });

  const mixed: readonly [what: string, graph: string, orders: string][] = [
    ["the first API's with another's", "https://graph.microsoft.com/.default", "api://orders/read"],
    ["another API's with the first's", "User.Read", "api://orders/.default"],
    ["one with another", "https://graph.microsoft.com/.default", "api://orders/.default"],
  ];
  for (const [what, graph, orders] of mixed) {
    test(`does not mix the scope .default with others, which Entra refuses: ${what}`, async () => {
      const apis = configuration({
        ...settings,
        DownstreamApis__graph__BaseUrl: "https://graph.example",
        DownstreamApis__graph__Scopes: graph,
        DownstreamApis__orders__BaseUrl: "https://orders.example",
        DownstreamApis__orders__Scopes: orders,
      });
      const url = new URL(await authorizationUrl(authorityOf(apis), apis, transaction, plain, signal));
      const scopes = (url.searchParams.get("scope") ?? "").split(" ");
      assert.deepEqual(scopes.sort(), [graph, "offline_access", "openid", "profile"].sort());
    });
  }

  test("is ASCII, as a header has to be, whatever was asked for and whatever the metadata say", async () => {
    assert.match((await open({ loginHint: "zoë@日本.example", domainHint: "日本" })).href, /^[\x21-\x7e]+$/);
    const odd = { ...authorityOf(config), client: async () => ({ msal: { getAuthCodeUrl } }) as never };
    const url = await authorizationUrl(odd, config, transaction, plain, signal);
    assert.match(url, /^[\x21-\x7e]+$/);
  });

  test("shows neither the code verifier nor the app's secret", async () => {
    const { href } = await open();
    assert.ok(!href.includes(transaction.codeVerifier) && !href.includes("s3cret"));
  });

  test("passes on what the caller asked for", async () => {
    const claims = '{"access_token":{"nbf":{"essential":true,"value":"1"}}}';
    const options = {
      loginHint: "ada@example.org",
      domainHint: "example.org",
      prompt: "login",
      extraScopes: ["Mail.Read"],
    };
    const { searchParams } = await open({ ...options, claims });
    assert.equal(searchParams.get("login_hint"), "ada@example.org");
    assert.equal(searchParams.get("domain_hint"), "example.org");
    assert.equal(searchParams.get("prompt"), "login");
    assert.match(searchParams.get("scope") ?? "", /Mail\.Read/);
    assert.match(searchParams.get("claims") ?? "", /"nbf"/);
  });

  test("passes on how the identity provider is to ask, and has the time of the sign-in told where its age matters", async () => {
    const claims = '{"id_token":{"email":null},"access_token":{"acrs":{"value":"c1"}}}';
    const { searchParams } = await open({
      maxAge: 60,
      uiLocales: "de fr",
      acrValues: "c1&x=y",
      display: "popup",
      claims,
    });
    const passed = ["max_age", "ui_locales", "acr_values", "display", "x"].map((name) => searchParams.get(name));
    assert.deepEqual(passed, ["60", "de fr", "c1&x=y", "popup", null]);
    const asked = JSON.parse(searchParams.get("claims") ?? "") as Record<string, Record<string, unknown>>;
    const { email, auth_time: authTime } = asked["id_token"] ?? {};
    assert.deepEqual([email, authTime], [null, { essential: true }]);
    assert.deepEqual(Object.keys(asked["access_token"] ?? {}).sort(), ["acrs", "xms_cc"]);
  });

  test("cannot be bent by what is in a hint", async () => {
    const url = await open({ loginHint: "a&redirect_uri=https://evil.example#" });
    assert.deepEqual(url.searchParams.getAll("redirect_uri"), ["https://app.example/auth/callback"]);
    assert.equal(url.hash, "");
  });
});

describe("a sign-in", () => {
  test("redeems the code with the code verifier, and brings the account, its sid and its tokens", async () => {
    const { claims, sid, tokenCache, subject } = await complete();
    assert.deepEqual(claims, {
      homeAccountId: `${userId}.${tenantId}`,
      name: "Ada",
      username: "ada@example.org",
      tenantId,
      objectId: userId,
      loginHint: null,
    });
    assert.equal(sid, "sid-1");
    assert.equal(subject, undefined);
    assert.match(tokenCache, /access-1/);
    const [{ form } = assert.fail()] = idp.tokenRequests;
    assert.equal(form.get("code"), "code-1");
    assert.equal(form.get("code_verifier"), transaction.codeVerifier);
    assert.equal(form.get("client_secret"), "s3cret-of-the-app");
  });

  test("without a sid claim goes by the session state, else by nothing", async () => {
    idTokenSays({ oid: userId });
    assert.equal((await complete("state-1")).sid, "state-1");
    assert.equal((await complete()).sid, undefined);
  });

  test("with a sid claim does not go by the session state, which anybody can write", async () => {
    assert.equal((await complete("state-1")).sid, "sid-1");
  });
});

describe("a sign-in is refused", () => {
  test("when the code is not good: used, expired, somebody else's", async () => {
    idp.token = refusal("invalid_grant");
    await assert.rejects(complete(), isProblem("signin_refused", /^(?!.*AADSTS)/));
  });

  test("when the identity provider wants more of the person", async () => {
    for (const error of ["interaction_required", "login_required"]) {
      idp.token = refusal(error);
      await assert.rejects(complete(), isProblem("signin_refused"), error);
    }
  });

  test("when nobody has agreed to what the app asks for", async () => {
    idp.token = refusal("consent_required");
    await assert.rejects(complete(), isProblem("admin_consent_required", /^(?!.*AADSTS)/));
  });

  const bad: readonly [what: string, changes: Claims][] = [
    ["of another sign-in", { nonce: "another" }],
    ["for another app", { aud: tenantId }],
    ["of another identity provider", { iss: "https://evil.example" }],
  ];
  test("when the ID token is one that has expired, or is not valid yet: by name", async () => {
    for (const changes of [{ exp: 1 }, { nbf: 9_999_999_999 }]) {
      idTokenSays(changes);
      await assert.rejects(complete(), isProblem("clock_skew"));
    }
  });

  for (const [what, changes] of bad) {
    test(`when the ID token is one ${what}`, async () => {
      idTokenSays(changes);
      await assert.rejects(complete(), isProblem("signin_invalid"));
    });
  }

  const otherId = "6c7d8e9f-2222-4333-8444-555566667777";
  const otherTenant = "99999999-7d2e-4c60-8b14-5e6f7a8b9c0d";
  const mixed: readonly [what: string, uid: string, utid: string][] = [
    ["another account of the tenant", otherId, tenantId],
    ["this object in another tenant", userId, otherTenant],
    ["nobody", "", tenantId],
  ];
  for (const [what, uid, utid] of mixed) {
    test(`when the tokens are filed under ${what}, and the ID token is this account's`, async () => {
      idp.token = () => tokens({ clientInfo: clientInfo(uid, utid) });
      await assert.rejects(complete(), isProblem("signin_invalid"));
    });
  }

  test("when what the tokens are filed under cannot be read", async () => {
    idp.token = () => tokens({ clientInfo: "garbage" });
    await assert.rejects(complete(), isProblem("signin_invalid"));
  });

  test("but not for a guest, whose account at home the ID token does not tell", async () => {
    idp.token = () => tokens({ clientInfo: clientInfo(otherId, otherTenant) });
    assert.equal((await complete()).claims.homeAccountId, `${otherId}.${otherTenant}`);
  });

  test("when the ID token is signed by somebody else", async () => {
    idp.token = async () => tokens({ idToken: await forged(idTokenClaims()) });
    await assert.rejects(complete(), isProblem("signin_invalid"));
  });

  test("when the ID token is garbage or missing", async () => {
    for (const idToken of ["garbage", "a.b.c", undefined]) {
      idp.token = () => tokens({ idToken });
      await assert.rejects(complete(), isProblem("signin_invalid"), String(idToken));
    }
  });
});

describe("what is not the person's fault is said so", () => {
  test("the app's secret has expired", async () => {
    idp.token = refusal("invalid_client");
    await assert.rejects(complete(), isProblem("app_refused", /^(?!.*AADSTS)/));
  });

  test("the identity provider is down", async () => {
    idp.token = () => Promise.resolve(new Response("down", { status: 503 }));
    await assert.rejects(complete(), isProblem("identity_provider_unavailable"));
  });

  test("the identity provider's answer is no JSON", async () => {
    idp.token = () => Promise.resolve(new Response("<html>"));
    await assert.rejects(complete(), isProblem("identity_provider_unavailable"));
  });

  test("the app's own credential cannot be had", async () => {
    const authority = authorityOf(config);
    const { msal, network, serialize } = await authority.client(signal);
    mock.method(msal, "acquireTokenByCode", () => Promise.reject(new Error("ManagedIdentityCredential: no answer")));
    const broken = { ...authority, client: () => Promise.resolve({ msal, network, serialize }) };
    const completed = completeSignIn(broken, config, { code: "c", sessionState: null, transaction }, signal);
    await assert.rejects(completed, isProblem("app_refused"));
  });
});

test("one person's client never sees another person's tokens", async () => {
  const authority = authorityOf(config);
  const first = await completeSignIn(authority, config, { code: "1", sessionState: null, transaction }, signal);
  idp.token = () => tokens({ accessToken: "access-2", refreshToken: "refresh-2" });
  const second = await completeSignIn(authority, config, { code: "2", sessionState: null, transaction }, signal);
  assert.ok(first.tokenCache.includes("access-1") && !first.tokenCache.includes("access-2"));
  assert.ok(second.tokenCache.includes("access-2") && !second.tokenCache.includes("access-1"));
});
