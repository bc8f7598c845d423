import assert from "node:assert/strict";
import { after, before, beforeEach, describe, it } from "node:test";
import { assertProblem } from "../support/assertions.ts";
import type { Answer, Client } from "../support/http-client.ts";
import { logoutToken, sendLogoutToken, subjectOf } from "../support/logout-token.ts";
import { frontChannel, sidOf } from "../support/sign-out.ts";
import { accountDocument, startFresh } from "../support/store.ts";
import { sessionCookie, sessionOf, signIn, startWorld, type World } from "../support/world.ts";

interface Hold {
  readonly reached: () => Promise<void>;
  readonly release: () => void;
}

/** Moments of a renewal at which an instance can be killed, by what has happened then. */
const moments: Readonly<Record<string, (world: World) => Hold>> = {
  "before the token endpoint has seen the request": ({ identityProvider }) => {
    const gate = identityProvider.controls.gate("token", { when: "before" });
    return { reached: () => gate.reached(), release: () => gate.release() };
  },
  "when the token endpoint has issued tokens and not yet answered": ({ identityProvider }) => {
    const gate = identityProvider.controls.gate("token", { when: "after" });
    return { reached: () => gate.reached(), release: () => gate.release() };
  },
  "when the tokens are there and not yet stored": ({ cosmos }) => {
    const gate = cosmos.faults.gate({ match: { kind: "replace" }, when: "before" });
    return { reached: () => gate.reached(), release: () => gate.releaseAll() };
  },
  "when the tokens are stored and the store has not yet answered": ({ cosmos }) => {
    const gate = cosmos.faults.gate({ match: { kind: "replace" }, when: "after" });
    return { reached: () => gate.reached(), release: () => gate.releaseAll() };
  },
  "when the API is being called": ({ downstreamApi }) => {
    const gate = downstreamApi.controls.gate();
    return { reached: () => gate.reached(), release: () => gate.release() };
  },
};

describe("an instance killed in the middle of a renewal", () => {
  let world: World;
  let client: Client;
  before(async () => {
    world = await startWorld();
    world.identityProvider.controls.accessTokenLifetimeSeconds = 60;
    client = world.client();
    await signIn(client, "ada@contoso.example", "/healthz");
  });
  after(() => world.stop());

  for (const [moment, hold] of Object.entries(moments)) {
    it(`${moment}: the session works on another instance, with the same cookie`, async () => {
      const { value, accountKey } = sessionOf(client);
      const instance = await world.startInstance();
      const unlucky = world.client(world.instances.indexOf(instance));
      unlucky.setCookie("localhost", "__Host-session", value);
      const held = hold(world);
      const call = cutOff(unlucky.fetch("/api/graph/me"));
      await held.reached();
      await instance.kill();
      assert.equal(await call, "cut off");
      held.release();
      for (let times = 0; times < 2; times++) assert.equal((await client.fetch("/api/graph/me")).status, 200);
      assert.equal(sessionOf(client).value, value);
      assert.equal(Object.keys((await accountDocument(world, accountKey))?.sessions ?? {}).length, 1);
    });
  }
});

describe("an instance killed in the middle of a sign-out that began elsewhere", () => {
  let world: World;
  before(async () => {
    world = await startWorld();
    world.identityProvider.controls.announceBackChannelLogout = true;
  });
  after(() => world.stop());
  beforeEach(() => startFresh(world));

  type Request = (instance: number) => Promise<Answer>;

  /** What the identity provider sends, and sends once more when it gets no answer. */
  const requests: Readonly<Record<string, (username: string) => Promise<Request>>> = {
    "in the front channel": async (username) => {
      const query = `sid=${encodeURIComponent(sidOf(world, username))}`;
      return (instance) => frontChannel(world.client(instance), query);
    },
    "by a logout token with a sid": async (username) => {
      const token = await logoutToken(world, { sid: sidOf(world, username) });
      return (instance) => sendLogoutToken(world, token, { instance });
    },
    "by a logout token with a subject": async (username) => {
      const token = await logoutToken(world, { sub: subjectOf(world, username) });
      return (instance) => sendLogoutToken(world, token, { instance });
    },
  };

  /** Between the mark in the index, which is there in all of them, and the answer. */
  const places = {
    "when the sid is marked, before the account is looked for": { kind: "read", when: "before" },
    "when the account is about to be deleted": { kind: "delete", when: "before" },
    "when the account is deleted, before the answer": { kind: "delete", when: "after" },
  } as const;

  for (const [how, request] of Object.entries(requests)) {
    for (const [place, { kind, when }] of Object.entries(places)) {
      it(`${how}, ${place}: the same request at another instance finishes it`, async (test) => {
        const client = world.client();
        await signIn(client, "zoe@contoso.example", "/healthz");
        const { value, accountKey } = sessionOf(client);
        const send = await request("zoe@contoso.example");
        const instance = await world.startInstance();
        // What is held at the store never gets there.
        const gate = world.cosmos.faults.gate({ match: { kind, container: "accounts" }, when });
        test.after(() => gate.releaseAll());
        const first = cutOff(send(world.instances.indexOf(instance)));
        await gate.reached();
        await instance.kill();
        assert.equal(await first, "cut off");
        const isDone = when === "after";
        assert.equal((await accountDocument(world, accountKey)) === undefined, isDone);

        const again = await send(0);
        // A logout token works once; where nothing of what it asks for is left, it is refused.
        if (isDone && how.includes("token")) assertProblem(again, 400, "logout_token_invalid");
        else assert.equal(again.status, 200, again.body);
        assert.equal(await accountDocument(world, accountKey), undefined);
        const holder = world.client();
        holder.setCookie("localhost", sessionCookie, value);
        assertProblem(await holder.fetch("/auth/me"), 401, "signin_required");
      });
    }
  }
});

async function cutOff(request: Promise<Answer>): Promise<string> {
  return request.then(
    ({ status }) => `answered ${status}`,
    () => "cut off",
  );
}
