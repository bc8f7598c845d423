import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, mock, test } from "node:test";
import { appToken, forgetAppToken } from "../../shared/downstream/app-token.ts";
import { authorityOf } from "../../shared/identity/authority.ts";
import { testApp, type TestApp } from "./support/app.ts";
import { isProblem } from "./support/is-problem.ts";
import { identityProvider, refusal, settings, tokens, type TestIdentityProvider } from "./support/identity-provider.ts";

const scope = "api://orders/.default";
let idp: TestIdentityProvider;
let app: TestApp;

beforeEach(() => {
  idp = identityProvider();
  const bare = testApp(settings);
  app = { ...bare, authority: authorityOf(bare.configuration) };
});
afterEach(() => {
  mock.timers.reset();
  mock.restoreAll();
});

const get = async (of = scope) => appToken(app, of, AbortSignal.timeout(5_000));
const issue = (accessToken: string, expiresIn = 3_600) => {
  idp.token = () => tokens({ accessToken, expiresIn });
};

describe("the app's own token for an API", () => {
  test("is asked for by the app's credential, without a person", async () => {
    issue("app-1");
    assert.equal(await get(), "app-1");
    const { form } = idp.tokenRequests[0] ?? assert.fail();
    assert.equal(form.get("grant_type"), "client_credentials");
    assert.match(form.get("scope") ?? "", /^api:\/\/orders\/\.default\b/);
  });

  test("is kept, one for each API, and asked for once by callers at the same time", async () => {
    issue("app-1");
    assert.deepEqual(await Promise.all([get(), get(), get()]), ["app-1", "app-1", "app-1"]);
    issue("app-2");
    assert.deepEqual([await get(), await get("api://desk/.default"), idp.tokenRequests.length], ["app-1", "app-2", 2]);
  });

  test("is renewed five minutes before it expires", async () => {
    issue("app-1", 299);
    assert.equal(await get(), "app-1");
    issue("app-2");
    assert.equal(await get(), "app-2");
    assert.equal(await get(), "app-2");
  });

  test("is not used again once the API has refused it", async () => {
    issue("app-1");
    await get();
    forgetAppToken(app, scope);
    issue("app-2");
    assert.equal(await get(), "app-2");
  });

  test("that the identity provider refuses is the app's trouble, and one that it does not give is its own", async () => {
    idp.token = refusal("invalid_client");
    await assert.rejects(get(), isProblem("app_refused"));
    idp.token = async () => new Response("", { status: 503 });
    await assert.rejects(get(), isProblem("identity_provider_unavailable"));
    issue("app-1");
    assert.equal(await get(), "app-1");
  });
});
