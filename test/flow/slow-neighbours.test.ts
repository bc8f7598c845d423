import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { assertProblem, clearsSession, codeOf, inTime } from "../support/assertions.ts";
import type { Client } from "../support/http-client.ts";
import { bytesThenSilence, startRawServer, type RawServer } from "@entra-functions-bff/stand-in-kit/raw-server";
import { passProvider } from "../support/sign-in-steps.ts";
import { apiSettings, freePorts, signIn, startWorld, type World } from "../support/world.ts";

describe("nobody waits longer than ten seconds, or than an API's settings allow", { concurrency: true }, () => {
  let world: World;
  let raw: RawServer;
  let renewing: Client;
  let calling: Client;
  let reading: Client;
  before(async () => {
    raw = await startRawServer({
      "/stall": bytesThenSilence("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nshort"),
      "/drip": bytesThenSilence("HTTP/1.1 200 OK\r\n"),
    });
    const ports = await freePorts();
    const graph = { BaseUrl: `http://127.0.0.1:${ports.downstreamApi}/v1.0`, Scopes: "User.Read", TimeoutSeconds: "4" };
    const times = { TimeoutSeconds: "3", IdleTimeoutSeconds: "2" };
    const environment = {
      // With HTTP streams, an answer that stops half-way breaks off: proxy/broken.
      Http__Streaming: "false",
      ...apiSettings("graph", graph),
      ...apiSettings("raw", { BaseUrl: raw.url, Scopes: "User.Read", ...times }),
    };
    world = await startWorld({ ports, environment });
    [renewing, calling, reading] = [world.client(), world.client(), world.client()];
    await signIn(calling, "ada@contoso.example", "/healthz");
    await signIn(reading, "bruno@contoso.example", "/healthz");
    world.identityProvider.controls.accessTokenLifetimeSeconds = 60;
    await signIn(renewing, "zoe@contoso.example", "/healthz");
  });
  after(async () => {
    await world.stop();
    await raw.stop();
  });

  it("for a token endpoint that hangs, and the session is kept", async () => {
    world.identityProvider.controls.failNext("token", { type: "hang" }, 1, { grantType: "refresh_token" });
    const answer = await inTime(() => renewing.fetch("/api/graph/me"));
    assertProblem(answer, 503, "identity_provider_unavailable");
    assert.ok(!clearsSession(answer));
    assert.equal((await renewing.fetch("/api/graph/me")).status, 200);
  });

  it("for an API that hangs", async () => {
    world.downstreamApi.controls.failNext({ type: "hang" });
    const answer = await inTime(() => calling.fetch("/api/graph/me"));
    assertProblem(answer, 504, "api_timeout");
    assert.ok(!clearsSession(answer));
  });

  it("for an API that stops in the middle of its head", async () => {
    assertProblem(await inTime(() => reading.fetch("/api/raw/drip")), 504, "api_timeout");
  });

  it("for an API that stops in the middle of its answer", async () => {
    assertProblem(await inTime(() => reading.fetch("/api/raw/stall")), 504, "api_timeout");
  });

  it("for an identity provider that takes its time at every step of a sign-in, on an instance just started", async () => {
    const { controls } = world.identityProvider;
    const starting = world.client();
    const atProvider = await starting.fetch("/auth/login?loginHint=mika@fabrikam.example&returnUrl=/healthz");
    const { href: signedIn } = await passProvider(starting, atProvider.headers.location ?? "");
    await world.startInstance();
    const cold = world.client(world.instances.length - 1);
    for (const [name, value] of starting.cookies("localhost")) cold.setCookie("localhost", name, value);
    controls.failNext("discovery", { type: "delay", ms: 3_700 });
    controls.failNext("token", { type: "delay", ms: 4_700 }, 1, { grantType: "authorization_code" });
    controls.failNext("jwks", { type: "delay", ms: 3_700 });
    const answer = await inTime(() => cold.fetch(signedIn));
    assert.ok(answer.status === 302 || codeOf(answer) === "identity_provider_unavailable", answer.body);
  });
});
