import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { Client } from "../support/http-client.ts";
import { accountDocument } from "../support/store.ts";
import { sessionOf, signIn, startWorld, type World } from "../support/world.ts";

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
      const call = unlucky.fetch("/api/graph/me").then(
        () => "answered",
        () => "cut off",
      );
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
