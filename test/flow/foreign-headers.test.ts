import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { Answer } from "../support/http-client.ts";
import { holderOf } from "../support/race.ts";
import { dumpStore } from "../support/store.ts";
import { sessionOf, signIn, startWorld, type World } from "../support/world.ts";

const principal = Buffer.from(JSON.stringify({ auth_typ: "aad", claims: [{ typ: "roles", val: "admin" }] }));

/** What proxies and platforms set, and what anybody can set where there is none. */
const foreign: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "the platform's own sign-in": {
    "x-ms-client-principal": principal.toString("base64"),
    "x-ms-client-principal-id": "ada",
    "x-ms-client-principal-name": "ada@contoso.example",
    "x-ms-client-principal-idp": "aad",
    "x-ms-token-aad-access-token": "token",
  },
  "another host": { "x-forwarded-host": "evil.example", "x-original-host": "evil.example", "x-host": "evil.example" },
  "another scheme or port": { "x-forwarded-proto": "ftp", "x-forwarded-port": "1", "front-end-https": "off" },
  "a standard proxy": { forwarded: "for=127.0.0.1;host=evil.example;proto=ftp", via: "1.1 evil.example" },
  "another path": { "x-original-url": "/auth/me", "x-rewrite-url": "/auth/me", "x-forwarded-prefix": "/evil" },
  "another method": { "x-http-method-override": "DELETE", "x-method-override": "DELETE", "x-http-method": "DELETE" },
  "this machine": { "x-forwarded-for": "127.0.0.1", "x-real-ip": "127.0.0.1", "true-client-ip": "127.0.0.1" },
};

const requests = [
  { path: "/" },
  { path: "/auth/login?returnUrl=/reports" },
  { path: "/auth/callback?state=unknown&code=unknown" },
  { path: "/auth/me" },
  { path: "/auth/sessions" },
  { path: "/auth/logout?returnUrl=/reports" },
  { path: "/auth/logout", method: "POST" },
  { path: "/auth/sessions", method: "DELETE" },
  { path: "/auth/accounts/ada.contoso", method: "DELETE" },
  { path: "/auth/frontchannel-logout?sid=unknown" },
  { path: "/auth/signed-out?state=unknown" },
  { path: "/api/graph/me" },
  { path: "/api/graph/echo", method: "POST" },
  { path: "/healthz" },
  { path: "/readyz" },
] as const;

const plain = (text: string) => text.replaceAll(/[\w-]{20,}/g, "~").replaceAll(/\d\d:\d\d(:\d\d(\.\d+)?)?Z?/g, "~");

/** An answer without what is random or the time. */
function essence({ status, headers, body }: Answer): Readonly<Record<string, unknown>> {
  const { location = "", "set-cookie": cookies = [], "content-security-policy": policy } = headers;
  return { status, location: plain(location), cookies: cookies.map(plain), policy, body: plain(body) };
}

describe("headers that only a proxy or the platform should set, sent by anybody", () => {
  let world: World;
  let cookie: string;
  before(async () => {
    world = await startWorld();
    const client = world.client();
    await signIn(client, "ada@contoso.example", "/healthz");
    cookie = sessionOf(client).value;
  });
  after(() => world.stop());

  for (const [claim, headers] of Object.entries(foreign)) {
    it(`${claim}: every route answers as without them, signed in or not`, async () => {
      const { accounts } = await dumpStore(world);
      for (const { path, ...method } of requests) {
        for (const browser of [() => holderOf(world, cookie, 0), () => world.client()]) {
          const without = essence(await browser().fetch(path, method));
          assert.deepEqual(essence(await browser().fetch(path, { ...method, headers })), without, path);
        }
      }
      assert.deepEqual((await dumpStore(world)).accounts, accounts);
    });
  }
});
