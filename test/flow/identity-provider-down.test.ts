import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "node:test";
import type { Fault } from "@entra-functions-bff/identity-provider";
import { assertProblem } from "../support/assertions.ts";
import type { Client } from "../support/http-client.ts";
import { untilCallback } from "../support/sign-in-steps.ts";
import { dumpStore } from "../support/store.ts";
import { sessionCookie, signIn, startWorld, type World } from "../support/world.ts";

const ada = "ada@contoso.example";
const reset: Fault = { type: "reset" };
const answers = (status: number, body: unknown): Fault => ({ type: "status", status, body });

describe("while the identity provider is in trouble", () => {
  let world: World;
  before(async () => {
    world = await startWorld();
  });
  after(() => world.stop());
  afterEach(() => world.identityProvider.controls.clearFaults());

  /** A browser at an instance that knows nothing of the identity provider yet. */
  async function coldClient(): Promise<Client> {
    await world.startInstance();
    return world.client(world.instances.length - 1);
  }

  it("a sign-in cannot begin on a new instance, says so, and can a moment later", async () => {
    const client = await coldClient();
    const discoveries: readonly Fault[] = [
      reset,
      { type: "garbage" },
      answers(500, {}),
      answers(404, {}),
      answers(200, []),
      answers(200, {}),
      answers(200, { issuer: "http://x", token_endpoint: "http://x" }),
    ];
    for (const fault of discoveries) {
      world.identityProvider.controls.failNext("discovery", fault);
      const answer = await client.fetch(`/auth/login?loginHint=${ada}`);
      assertProblem(answer, 503, "identity_provider_unavailable");
      assert.equal(answer.headers["set-cookie"], undefined);
    }
    world.identityProvider.controls.failNext("discovery", reset);
    const ready = (await client.fetch("/readyz")).json();
    assert.deepEqual(ready["checks"], {
      configuration: "ok",
      store: "ok",
      identityProvider: "identity_provider_unavailable",
      credential: "identity_provider_unavailable",
    });
    await signIn(client, ada, "/healthz");
    assert.equal((await client.fetch("/readyz")).status, 200);
  });

  it("a sign-in cannot be verified without the signing keys, and signing in again works", async () => {
    const client = await coldClient();
    for (const fault of [reset, { type: "garbage" } as const, answers(500, {}), answers(200, { keys: "none" })]) {
      const stored = await dumpStore(world);
      const url = await untilCallback(client, ada);
      world.identityProvider.controls.failNext("jwks", fault);
      assertProblem(await client.fetch(url.href), 503, "identity_provider_unavailable");
      assert.deepEqual(await dumpStore(world), stored);
      assert.equal(client.cookies("localhost").get(sessionCookie), undefined);
    }
    await signIn(client, ada, "/healthz");
  });

  const atTokenEndpoint: Readonly<Record<string, readonly [Fault, number, string]>> = {
    "drops the connection": [reset, 503, "identity_provider_unavailable"],
    "answers 500": [answers(500, { error: "server_error" }), 503, "identity_provider_unavailable"],
    "answers what is not JSON": [{ type: "garbage" }, 503, "identity_provider_unavailable"],
    "answers an empty object": [answers(200, {}), 503, "identity_provider_unavailable"],
    "answers a passing error": [
      answers(400, { error: "temporarily_unavailable" }),
      503,
      "identity_provider_unavailable",
    ],
    "finds the app's secret expired": [answers(401, { error: "invalid_client" }), 502, "app_refused"],
    "does not know the app": [answers(400, { error: "unauthorized_client" }), 502, "app_refused"],
    "finds the code expired": [answers(400, { error: "invalid_grant" }), 400, "signin_refused"],
  };
  for (const [what, [fault, status, code]] of Object.entries(atTokenEndpoint)) {
    it(`a sign-in whose token endpoint ${what} ends with ${code}, and nothing is stored`, async () => {
      const client = world.client();
      const stored = await dumpStore(world);
      const url = await untilCallback(client, ada);
      world.identityProvider.controls.failNext("token", fault);
      assertProblem(await client.fetch(url.href), status, code);
      assert.deepEqual(await dumpStore(world), stored);
      await signIn(client, ada, "/healthz");
    });
  }

  it("those who are signed in notice nothing, as long as their tokens last", async () => {
    const client = world.client();
    await signIn(client, ada, "/healthz");
    for (const endpoint of ["discovery", "jwks", "token", "authorize", "page"] as const) {
      world.identityProvider.controls.failNext(endpoint, reset, 100);
    }
    for (const path of ["/auth/me", "/api/graph/me", "/"]) assert.equal((await client.fetch(path)).status, 200);
  });
});
