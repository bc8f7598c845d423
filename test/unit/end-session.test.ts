import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Authority } from "../../shared/identity/authority.ts";
import { endSessionUrl, isOwnIssuer } from "../../shared/identity/end-session.ts";
import type { AuthorityMetadata } from "../../shared/identity/metadata.ts";
import { IdentityProviderUnavailableError } from "../../shared/identity/errors.ts";
import { cookieJar } from "../../shared/http/cookie-jar.ts";
import { keepReturnUrl, takeReturnUrl } from "../../shared/sign-out/return.ts";
import { randomBase64Url } from "../../shared/core/encoding.ts";
import { authority, metadata } from "./support/app.ts";
import { browser } from "./support/browser.ts";
import { configuration, tenantId } from "./support/environment.ts";

const { signal } = new AbortController();
const request = { loginHint: "hint 1", postLogoutRedirectUri: "https://app.example/auth/signed-out", state: "s" };
const down = authority({
  metadata: { known: undefined, get: () => Promise.reject(new IdentityProviderUnavailableError()) },
});

function withMetadata(changes: Partial<AuthorityMetadata>): Authority {
  const changed = { ...metadata, ...changes };
  return authority({ metadata: { known: changed, get: () => Promise.resolve(changed) } });
}

describe("the way to the identity provider's sign-out", () => {
  test("leads back to the app, and spares the person the account picker", async () => {
    const url = new URL((await endSessionUrl(authority(), request, signal)) ?? "");
    assert.equal(url.origin + url.pathname, metadata.endSessionEndpoint);
    assert.deepEqual(Object.fromEntries(url.searchParams), {
      post_logout_redirect_uri: request.postLogoutRedirectUri,
      state: "s",
      logout_hint: "hint 1",
    });
  });

  test("has no hint where the identity provider gave none", async () => {
    const url = new URL((await endSessionUrl(authority(), { ...request, loginHint: null }, signal)) ?? "");
    assert.equal(url.searchParams.has("logout_hint"), false);
  });

  test("keeps what the endpoint's own URL says", async () => {
    const idp = withMetadata({ endSessionEndpoint: "https://idp.example/logout?p=b2c" });
    assert.equal(new URL((await endSessionUrl(idp, request, signal)) ?? "").searchParams.get("p"), "b2c");
  });

  test("does not exist where there is no such endpoint, or while the identity provider is down", async () => {
    assert.equal(await endSessionUrl(withMetadata({ endSessionEndpoint: undefined }), request, signal), undefined);
    assert.equal(await endSessionUrl(down, request, signal), undefined);
  });
});

describe("the issuer of a front-channel sign-out", () => {
  const multiTenant = withMetadata({ issuer: "https://idp.example/{tenantid}/v2.0" });

  test("is the app's own", async () => assert.equal(await isOwnIssuer(authority(), metadata.issuer, signal), true));

  test("is any tenant's under a multi-tenant authority", async () => {
    assert.equal(await isOwnIssuer(multiTenant, `https://idp.example/${tenantId}/v2.0`, signal), true);
    assert.equal(await isOwnIssuer(multiTenant, `https://idp.example/${tenantId.toUpperCase()}/v2.0`, signal), true);
  });

  test("is told by its host while the identity provider is down", async () => {
    assert.equal(await isOwnIssuer(down, "https://idp.example/whatever", signal), true);
    assert.equal(await isOwnIssuer(down, "https://evil.example/", signal), false);
    assert.equal(await isOwnIssuer(down, "https://idp.example", signal), true);
    const odd = [
      "idp.example",
      "http://idp.example/",
      "HTTPS://idp.example/",
      " https://idp.example/",
      "ftp://idp.example/",
    ];
    const read = ["https:\\\\idp.example/", "https:idp.example", "https://IDP.example/", "https://ｉdp.example/"];
    const hosts = [
      "https://a@idp.example/",
      "https://idp.example:443/",
      "https://idp.example.evil/",
      "https://idp.example@evil.example/",
    ];
    for (const issuer of [...odd, ...read, ...hosts]) {
      assert.equal(await isOwnIssuer(down, issuer, signal), false, issuer);
    }
  });

  const foreign = [
    "",
    "https://evil.example/",
    `${metadata.issuer}/`,
    metadata.issuer.toUpperCase(),
    "https://idp.example/{tenantid}/v2.0",
    "https://idp.example//v2.0",
    "https://idp.example/v2.0",
    `https://idp.example/${tenantId}/../${tenantId}/v2.0`,
    `https://idp.example/${"x".repeat(36)}/v2.0`,
    `https://idp.example/${tenantId}/v2.0#`,
    "https://idp.example/",
  ];
  for (const issuer of foreign) {
    test(`is not ${issuer || "nothing"}`, async () => {
      assert.equal(await isOwnIssuer(authority(), issuer, signal), false);
      assert.equal(await isOwnIssuer(multiTenant, issuer, signal), false);
    });
  }
});

describe("the page to return to after signing out", () => {
  const state = randomBase64Url(16);

  function keeping(returnUrl: string): ReturnType<typeof browser> {
    const person = browser();
    const jar = person.request();
    keepReturnUrl(jar, state, returnUrl);
    person.receive(jar);
    return person;
  }

  test("is remembered for the sign-out under way, and once", () => {
    const person = keeping("/reports?x=é");
    const jar = person.request();
    assert.equal(takeReturnUrl(jar, state), "/reports?x=é");
    person.receive(jar);
    assert.equal(takeReturnUrl(person.request(), state), undefined);
  });

  test("is not given for another state, or for what is none", () => {
    const person = keeping("/reports");
    for (const other of ["", randomBase64Url(16), `${state}x`, "../session", "__proto__", `${state};`]) {
      assert.equal(takeReturnUrl(person.request(), other), undefined, other);
    }
  });

  test("is not found in another browser", () => {
    keeping("/reports");
    assert.equal(takeReturnUrl(cookieJar(new Headers(), configuration()), state), undefined);
  });
});
