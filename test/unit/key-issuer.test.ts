import assert from "node:assert/strict";
import { afterEach, describe, mock, test } from "node:test";
import { exportJWK, generateKeyPair, type CryptoKey, type JWK } from "jose";
import { verifyIdToken } from "../../shared/identity/id-token.ts";
import { signingKeys } from "../../shared/identity/signing-keys.ts";
import { verifyLogoutToken, type LogoutToken } from "../../shared/identity/logout-token.ts";
import type { AuthorityMetadata } from "../../shared/identity/metadata.ts";
import { authority, metadata } from "./support/app.ts";
import { isProblem } from "./support/is-problem.ts";
import { clientId, tenantId } from "./support/environment.ts";
import { idTokenClaims, nonce, now, signed, type Claims } from "./support/tokens.ts";

afterEach(() => mock.restoreAll());

const { signal } = new AbortController();
const personalTenant = "9188040d-6c67-4c5b-b112-36a304b66dad";
const issuerOf = (tenant: string) => `https://idp.example/${tenant}/v2.0`;
const [template, personal] = [issuerOf("{tenantid}"), issuerOf(personalTenant)];
const multiTenant: AuthorityMetadata = { ...metadata, issuer: template, backChannelLogout: true };

interface Pair {
  readonly privateKey: CryptoKey;
  readonly jwk: JWK;
}
async function pair(): Promise<Pair> {
  const { privateKey, publicKey } = await generateKeyPair("RS256", { extractable: true });
  return { privateKey, jwk: { ...(await exportJWK(publicKey)), alg: "RS256", use: "sig" } };
}
const [work, msa] = [await pair(), await pair()];

/** A key as the identity provider publishes it. */
const published = ({ jwk }: Pair, kid: string, issuer?: unknown): JWK => ({
  ...jwk,
  kid,
  ...(issuer !== undefined && { issuer }),
});

/** Entra's key set of a multi-tenant authority, in small. */
const entra = [published(work, "work", template), published(msa, "msa", personal)];

const claimsOf = (tenant: string, changes: Claims = {}) =>
  idTokenClaims({ tid: tenant, iss: issuerOf(tenant), ...changes });

/** @returns the tenant of whom the token is about */
async function verifyId(token: string, keySet: readonly unknown[], of = multiTenant): Promise<string> {
  mock.method(globalThis, "fetch", () => Promise.resolve(Response.json({ keys: keySet })));
  const azureAd = { clientId, allowedTenants: [] };
  const { tenantId: tenant } = await verifyIdToken(token, {
    metadata: of,
    keys: signingKeys(300),
    azureAd,
    nonce,
    now: Date.now(),
    signal,
  });
  return tenant;
}

async function verifyLogout(token: string, keySet: readonly unknown[], of = multiTenant): Promise<LogoutToken> {
  mock.method(globalThis, "fetch", () => Promise.resolve(Response.json({ keys: keySet })));
  const idp = authority({ keys: signingKeys(300), metadata: { known: of, get: () => Promise.resolve(of) } });
  return verifyLogoutToken(token, idp, clientId, signal);
}

const by = ({ privateKey }: Pair, kid: string) => ({ key: privateKey, header: { kid } });

describe("under an authority for many tenants, an ID token", () => {
  test("of a work tenant, signed with the key for personal accounts, signs nobody in", async () => {
    await assert.rejects(
      verifyId(await signed(claimsOf(tenantId), by(msa, "msa")), entra),
      isProblem("signin_invalid"),
    );
  });

  test("is accepted from every work tenant by their key, and from personal accounts by theirs", async () => {
    const other = "99999999-7d2e-4c60-8b14-5e6f7a8b9c0d";
    for (const tenant of [tenantId, other])
      assert.equal(await verifyId(await signed(claimsOf(tenant), by(work, "work")), entra), tenant);
    assert.equal(await verifyId(await signed(claimsOf(personalTenant), by(msa, "msa")), entra), personalTenant);
  });

  test("cannot choose its key's issuer by a tenant that fills the template oddly", async () => {
    for (const tid of [`${personalTenant}/v2.0#`, "{tenantid}", "$&", "", 5, [personalTenant]]) {
      const claims = idTokenClaims({ tid, iss: issuerOf(tenantId) });
      await assert.rejects(verifyId(await signed(claims, by(msa, "msa")), entra), isProblem("signin_invalid"));
    }
  });

  const wrongIssuers: readonly unknown[] = [
    issuerOf("99999999-7d2e-4c60-8b14-5e6f7a8b9c0d"),
    "https://other.example/{tenantid}/v2.0",
    `${template}/`,
    template.toUpperCase(),
    "{tenantid}",
    "",
    null,
    5,
    [template],
  ];
  for (const issuer of wrongIssuers) {
    test(`is refused if its key is published for ${JSON.stringify(issuer)}`, async () => {
      const token = await signed(claimsOf(tenantId), by(work, "work"));
      await assert.rejects(verifyId(token, [published(work, "work", issuer)]), isProblem("signin_invalid"));
    });
  }

  test("is refused if its key names no issuer among others that do", async () => {
    const token = await signed(claimsOf(tenantId), by(work, "work"));
    const keySet = [published(work, "work"), published(msa, "msa", personal)];
    await assert.rejects(verifyId(token, keySet), isProblem("signin_invalid"));
  });

  test("is accepted if no key of the identity provider names an issuer", async () => {
    const keySet = [published(work, "work"), published(msa, "msa")];
    assert.equal(await verifyId(await signed(claimsOf(tenantId), by(work, "work")), keySet), tenantId);
  });

  test("is verified with its issuer's key where two issuers' keys have one id", async () => {
    const keySet = [published(msa, "same", personal), published(work, "same", template)];
    await verifyId(await signed(claimsOf(tenantId), by(work, "same")), keySet);
    await verifyId(await signed(claimsOf(personalTenant), by(msa, "same")), keySet);
    const crossed = await signed(claimsOf(tenantId), by(msa, "same"));
    await assert.rejects(verifyId(crossed, keySet), isProblem("signin_invalid", /signature/));
  });
});

describe("under an authority of one tenant, an ID token", () => {
  const keySet = [published(work, "work", issuerOf(tenantId)), published(msa, "msa", personal)];

  test("is accepted by the tenant's key", async () => {
    assert.equal(await verifyId(await signed(claimsOf(tenantId), by(work, "work")), keySet, metadata), tenantId);
  });

  test("signed with the key for personal accounts signs nobody in", async () => {
    const token = await signed(claimsOf(tenantId), by(msa, "msa"));
    await assert.rejects(verifyId(token, keySet, metadata), isProblem("signin_invalid"));
  });
});

const logoutClaims = (changes: Claims = {}) => ({
  iss: issuerOf(tenantId),
  aud: clientId,
  tid: tenantId,
  iat: now(),
  exp: now() + 120,
  jti: "token-1",
  sub: "subject-1",
  events: { "http://schemas.openid.net/event/backchannel-logout": {} },
  ...changes,
});

describe("a logout token", () => {
  test("of a work tenant, signed with the key for personal accounts, signs nobody out", async () => {
    const token = await signed(logoutClaims(), by(msa, "msa"));
    await assert.rejects(verifyLogout(token, entra), isProblem("logout_token_invalid"));
  });

  test("is accepted by its tenant's key", async () => {
    const ofWork = await verifyLogout(await signed(logoutClaims(), by(work, "work")), entra);
    assert.equal(ofWork.issuer, issuerOf(tenantId));
    const claims = logoutClaims({ tid: personalTenant, iss: personal });
    assert.equal((await verifyLogout(await signed(claims, by(msa, "msa")), entra)).issuer, personal);
  });
});
