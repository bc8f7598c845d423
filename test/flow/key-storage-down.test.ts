import assert from "node:assert/strict";
import { after, before, it } from "node:test";
import { inTime } from "../support/assertions.ts";
import { eventually } from "@entra-functions-bff/stand-in-kit/eventually";
import { signIn, startWorld, type World } from "../support/world.ts";

let world: World;
before(async () => {
  world = await startWorld({ environment: { FunctionsHost__KeyStorage: "refused" } });
});
after(() => world.stop());

const unreadable = () => world.log().includes("the keys cannot be read");

it("people sign in while the host's storage refuses its keys, which takes a request that asks for them 27 seconds", async () => {
  const client = world.client();
  await inTime(() => signIn(client, "ada@contoso.example", "/healthz"));
  assert.equal((await client.fetch("/auth/me")).status, 200);
  assert.equal(unreadable(), false, "The keys were asked for");
});

it("an answer with a parameter named code fails then, so that the first test means something", async () => {
  const instance = await world.startInstance({ FunctionsHost__KeyReadMs: "0" });
  const client = world.client(world.instances.indexOf(instance));
  assert.equal((await client.fetch("/auth/callback?state=x&code=y")).status, 500);
  await eventually("the log says so", unreadable);
});
