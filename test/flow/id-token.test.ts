import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { Tampering } from "@entra-functions-bff/identity-provider";
import {
  defaultTenantId,
  otherTenantId,
  samplePeople,
  type Person,
  personalTenantId,
} from "@entra-functions-bff/identity-provider/people";
import { assertProblem } from "../support/assertions.ts";
import type { Answer, Client } from "../support/http-client.ts";
import { untilCallback } from "../support/sign-in-steps.ts";
import { dumpStore } from "../support/store.ts";
import { sessionCookie, startWorld, type World } from "../support/world.ts";

const ada = "ada@contoso.example";
const priya = "priya@fabrikam.example";
const outlook = "noor@outlook.example";
const personalAccount: Person = {
  oid: "00000000-0000-0000-3f1a-9d27c6b54e80",
  tid: personalTenantId,
  uid: "00000000-0000-0000-3f1a-9d27c6b54e80",
  utid: personalTenantId,
  name: "Noor Haddad",
  givenName: "Noor",
  surname: "Haddad",
  preferredUsername: outlook,
};
const now = Math.floor(Date.now() / 1000);
const minutes = (count: number) => now + count * 60;
const someId = "00000000-0000-4000-8000-000000000000";

const wrong: Readonly<Record<string, Tampering>> = {
  "with an unpublished key's signature": { signature: "foreign-key" },
  "with a broken signature": { signature: "corrupt" },
  "without a signature (alg none)": { signature: "none" },
  "with a key id that is not published": { header: { kid: "somebody-elses" } },
  "of another issuer": { claims: { iss: "https://evil.example/v2.0" } },
  "of another tenant's issuer": { claims: { iss: `https://127.0.0.1/${otherTenantId}/v2.0`, tid: otherTenantId } },
  "without an issuer": { claims: { iss: undefined } },
  "for another app": { claims: { aud: someId } },
  "for this app among others": { claims: (claims) => ({ ...claims, aud: [claims["aud"], someId] }) },
  "for nobody": { claims: { aud: undefined } },
  "for another sign-in": { claims: { nonce: "another" } },
  "for no sign-in in particular": { claims: { nonce: undefined } },
  "that never expires": { claims: { exp: undefined } },
  "that expires at no time": { claims: { exp: "tomorrow" } },
  "that was never issued": { claims: { iat: undefined } },
  "about nobody": { claims: { sub: undefined } },
  "without an object id": { claims: { oid: undefined } },
  "without a tenant": { claims: { tid: undefined } },
  "with a tenant that is no text": { claims: { tid: 7 } },
};

describe("an ID token", () => {
  let world: World;
  let multiTenant = 0;
  before(async () => {
    world = await startWorld({ people: [...samplePeople(defaultTenantId), personalAccount] });
    await world.startInstance({ AzureAd__TenantId: "organizations", AzureAd__AllowedTenants: defaultTenantId });
    multiTenant = world.instances.length - 1;
  });
  after(() => world.stop());

  async function signInWith(tampering: Tampering | undefined, username = ada, instance = 0): Promise<[Answer, Client]> {
    const client = world.client(instance);
    const url = await untilCallback(client, username);
    if (tampering) world.identityProvider.controls.tamperWithNextIdToken(tampering);
    return [await client.fetch(url.href), client];
  }

  async function expectRefusal(attempt: () => Promise<[Answer, Client]>, status: number, code: string): Promise<void> {
    const stored = await dumpStore(world);
    const [answer, client] = await attempt();
    assertProblem(answer, status, code);
    assert.deepEqual(await dumpStore(world), stored);
    assert.equal(client.cookies("localhost").get(sessionCookie), undefined);
  }

  for (const [what, tampering] of Object.entries(wrong)) {
    it(`${what} signs nobody in`, () => expectRefusal(() => signInWith(tampering), 400, "signin_invalid"));
  }

  const untimely: Readonly<Record<string, Tampering>> = {
    "that expired six minutes ago": { claims: { iat: minutes(-66), nbf: minutes(-66), exp: minutes(-6) } },
    "that begins in six minutes": { claims: { nbf: minutes(6) } },
    "that will be issued in six minutes": { claims: { iat: minutes(6), nbf: minutes(6), exp: minutes(66) } },
  };
  for (const [what, tampering] of Object.entries(untimely)) {
    it(`${what} signs nobody in, and says that a clock may be off`, () =>
      expectRefusal(() => signInWith(tampering), 503, "clock_skew"));
  }

  const fine: Readonly<Record<string, Tampering | undefined>> = {
    "as it was issued": undefined,
    "that expired four minutes ago, by a clock that differs": { claims: { exp: minutes(-4) } },
    "that begins in four minutes, by a clock that differs": { claims: { nbf: minutes(4) } },
    "for this app, as a list of one": { claims: (claims) => ({ ...claims, aud: [claims["aud"]] }) },
  };
  for (const [what, tampering] of Object.entries(fine)) {
    it(`${what} signs in`, async () => {
      const [answer, client] = await signInWith(tampering);
      assert.equal(answer.status, 302, answer.body);
      assert.equal((await client.fetch("/api/graph/me")).status, 200);
    });
  }

  describe("for an app that lets one of several tenants in", () => {
    for (const what of ["without a tenant", "of another issuer", "for another app", "without an issuer"]) {
      it(`${what} is refused`, () =>
        expectRefusal(() => signInWith(wrong[what], ada, multiTenant), 400, "signin_invalid"));
    }

    it("of that tenant signs in", async () => {
      const [answer] = await signInWith(undefined, ada, multiTenant);
      assert.equal(answer.status, 302, answer.body);
    });

    it("of another tenant is refused, by name", () =>
      expectRefusal(() => signInWith(undefined, priya, multiTenant), 403, "tenant_not_allowed"));

    it("that says one tenant and comes from another is refused", () =>
      expectRefusal(() => signInWith({ claims: { tid: defaultTenantId } }, priya, multiTenant), 400, "signin_invalid"));

    it("whose tenant would fill the issuer's template with a path of its own is refused", () => {
      const { instance } = world.identityProvider;
      const tid = `${defaultTenantId}/v2.0?`;
      const claims = { tid, iss: `${instance}${tid}/v2.0` };
      return expectRefusal(() => signInWith({ claims }, ada, multiTenant), 403, "tenant_not_allowed");
    });
  });

  describe("for an app of every tenant", () => {
    let everybody = 0;
    before(async () => {
      await world.startInstance({ AzureAd__TenantId: "common" });
      everybody = world.instances.length - 1;
    });

    it("of a work tenant, signed with the key for personal accounts, signs nobody in", () =>
      expectRefusal(() => signInWith({ signature: "personal-key" }, ada, everybody), 400, "signin_invalid"));

    it("of a personal account, signed with the key for work accounts that serves every tenant, signs in", async () => {
      const [answer] = await signInWith({ signature: "work-key" }, outlook, everybody);
      assert.equal(answer.status, 302, answer.body);
    });

    it("of a work account and of a personal account, each signed with its own key, signs in", async () => {
      for (const username of [ada, priya, outlook]) {
        const [answer, client] = await signInWith(undefined, username, everybody);
        assert.equal(answer.status, 302, answer.body);
        assert.equal((await client.fetch("/auth/me")).status, 200);
      }
    });
  });

  it("of the app's only tenant, signed with the key for personal accounts, signs nobody in", () =>
    expectRefusal(() => signInWith({ signature: "personal-key" }), 400, "signin_invalid"));

  it("signed with a new key signs in, also a moment after the keys were read", async () => {
    await signInWith(undefined, ada, 0);
    world.identityProvider.controls.rotateSigningKey();
    const [answer] = await signInWith(undefined, ada, 0);
    assert.equal(answer.status, 302, answer.body);
  });
});
