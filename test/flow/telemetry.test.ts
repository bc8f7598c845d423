import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { metrics } from "../../shared/telemetry/metrics.ts";
import { startIngestion, instrumentationKey, type Ingestion } from "../support/ingestion.ts";
import { startOtlpEndpoint, type OtlpEndpoint } from "../support/otlp.ts";
import { startRecordingApi, type RecordingApi } from "../support/recording-api.ts";
import { findSecrets, partsOfToken, type Secret } from "../support/secrets.ts";
import { frontChannel, sidOf } from "../support/sign-out.ts";
import { documentOperations } from "../support/store.ts";
import { ownForm, sessionOf, signIn, startWorld, type World } from "../support/world.ts";

const ada = "ada@contoso.example";
const bruno = "bruno@contoso.example";
const traceId = "0af7651916cd43dd8448eb211c80319c";
const callerSpan = "b7ad6b7169203331";
const sampled = { traceparent: `00-${traceId}-${callerSpan}-01` };
const unsampledTraceId = "4bf92f3577b34da6a3ce929d0e0e4736";
const unsampled = { traceparent: `00-${unsampledTraceId}-${callerSpan}-00` };

function hostOf(url: string): string {
  return new URL(url).host;
}

describe("where Application Insights and an OTLP endpoint are configured", () => {
  let world: World;
  let ingestion: Ingestion;
  let otlp: OtlpEndpoint;
  let orders: RecordingApi;
  /** Request units that the store charged for each sign-out, in order. */
  const charged: number[] = [];
  const secrets: Secret[] = [];
  before(async () => {
    ingestion = await startIngestion();
    otlp = await startOtlpEndpoint("x-key");
    orders = await startRecordingApi();
    const environment = {
      APPLICATIONINSIGHTS_CONNECTION_STRING: ingestion.connectionString,
      OTEL_EXPORTER_OTLP_ENDPOINT: otlp.url,
      OTEL_EXPORTER_OTLP_HEADERS: "x-key=key%20of%20the%20service",
      OTEL_SERVICE_NAME: "orders",
      AzureAd__ClientCredentials__0__ClientSecretExpires: new Date(Date.now() + 10.5 * 86_400_000).toISOString(),
      DownstreamApis__orders__BaseUrl: orders.url,
      DownstreamApis__orders__Token: "Anonymous",
    };
    world = await startWorld({ environment });
    await work();
    // What is still there is sent when the app ends.
    await Promise.all(world.instances.map((instance) => instance.stop()));
  });
  after(async () => {
    await world.stop();
    await orders.stop();
    await otlp[Symbol.asyncDispose]();
    await ingestion[Symbol.asyncDispose]();
  });

  async function work(): Promise<void> {
    world.identityProvider.controls.accessTokenLifetimeSeconds = 60;
    const client = world.client();
    await signIn(client, ada, "/healthz");
    assert.equal((await client.fetch("/api/graph/me?$select=displayName", { headers: sampled })).status, 200);
    rememberSecrets(sessionOf(client).secret, sidOf(world, ada));
    await charging(() => client.fetch("/auth/logout", ownForm(world.publicBaseUrl)));

    const other = world.client();
    await signIn(other, bruno, "/healthz");
    rememberSecrets(sessionOf(other).secret, sidOf(world, bruno));
    await charging(() => frontChannel(world.client(), `sid=${sidOf(world, bruno)}`));

    // Twice: a connection that was used before is tried again, on a new one.
    world.downstreamApi.controls.failNext({ type: "reset" }, 2);
    const third = world.client();
    await signIn(third, ada, "/healthz");
    assert.equal((await third.fetch("/api/graph/me", { headers: sampled })).status, 502);
    world.cosmos.faults.add({ match: { kind: "read" }, fault: { type: "status", status: 429 }, times: 1 });
    assert.equal((await third.fetch("/auth/me", { headers: unsampled })).status, 200);
    const fields = { ...unsampled, tracestate: "of=abrowser", baggage: "role=admin" };
    assert.equal((await third.fetch("/api/orders/1", { headers: fields })).status, 200);
  }

  function rememberSecrets(cookie: string, sid: string): void {
    secrets.push({ name: "cookie", text: cookie }, { name: "sid", text: sid });
  }

  async function charging(act: () => Promise<unknown>): Promise<void> {
    world.cosmos.operations.clear();
    await act();
    const all = documentOperations(world).map(({ requestCharge }) => requestCharge);
    charged.push(Math.round(all.reduce((sum, charge) => sum + charge, 0) * 100) / 100);
  }

  const events = (name: string) => ingestion.dataOf("EventData").filter((event) => event.name === name);
  const dependencies = () => ingestion.dataOf("RemoteDependencyData");

  it("sign-ins, renewals and failures arrive as events, and everything under the instrumentation key", () => {
    assert.ok(events("session_opened").length === 3);
    assert.deepEqual(
      events("token_renewed").map(({ properties }) => properties["api"]),
      ["graph", "graph"],
    );
    assert.equal(events("request_failed")[0]?.properties["code"], "api_unavailable");
    for (const { iKey, ver } of ingestion.items) assert.deepEqual([iKey, ver], [instrumentationKey, 1]);
  });

  it("a sign-out arrives with origin, outcome, sessions removed, duration, and the request units that the store charged", () => {
    const signOuts = events("signout");
    assert.deepEqual(
      signOuts.map(({ properties }) => [properties["origin"], properties["outcome"]]),
      [
        ["app", "account_deleted"],
        ["front_channel", "account_deleted"],
      ],
    );
    assert.deepEqual(
      signOuts.map(({ measurements }) => measurements["sessionsRemoved"]),
      [1, 1],
    );
    assert.deepEqual(
      signOuts.map(({ measurements }) => measurements["requestUnits"]),
      charged,
    );
    for (const { measurements } of signOuts) assert.ok((measurements["durationMs"] ?? -1) >= 0);
    assert.ok(charged.every((units) => units > 5));
  });

  it("what the app says when it starts arrives, too", () => {
    const [told] = events("credential_expires_soon");
    assert.deepEqual([told?.properties["kind"], told?.measurements["days"]], ["secret", 10]);
  });

  it("the log has the same events, as lines of JSON", () => {
    const line = new RegExp(`"event":"signout","origin":"app",.*"requestUnits":${charged[0]}`);
    assert.match(world.log(), line);
  });

  it("a function is a span in its caller's trace, and what it asks for are spans in the function's", () => {
    const spans = ingestion.items.filter((item) => item.data.baseType === "RemoteDependencyData");
    const call =
      spans.find(({ data, tags }) => data.baseData.name === "api" && tags["ai.operation.id"] === traceId) ??
      assert.fail();
    // The host's own span is between the two.
    assert.match(call.tags["ai.operation.parentId"] ?? "", /^[0-9a-f]{16}$/);
    assert.notEqual(call.tags["ai.operation.parentId"], callerSpan);
    assert.equal(call.data.baseData.type, "InProc");
    assert.match(call.data.baseData.duration, /^00:00:\d\d\.\d{3,7}$/);
    const inside = spans.filter(({ tags }) => tags["ai.operation.parentId"] === call.data.baseData.id);
    const idp = hostOf(world.identityProvider.instance);
    const api = hostOf(world.downstreamApi.url);
    assert.deepEqual(
      inside.map(({ data: { baseData } }) => [baseData.type, baseData.name, baseData.resultCode]),
      [
        ["azure.cosmosdb", "read in accounts", "0"],
        ["Http", `POST ${idp}`, "200"],
        ["azure.cosmosdb", "replace in accounts", "0"],
        ["Http", `GET ${api}`, "200"],
      ],
    );
    for (const { data, tags } of inside) {
      assert.equal(tags["ai.operation.id"], traceId);
      assert.equal(data.baseData.success, true);
      const { type, properties } = data.baseData;
      if (type !== "azure.cosmosdb") continue;
      assert.equal(properties["db.response.status_code"], "200");
      assert.ok(Number(properties["azure.cosmosdb.operation.request_charge"]) > 0);
    }
  });

  it("a failure is an exception with where it came from, without its message", () => {
    const failed = dependencies().filter(({ name, success }) => name === "api" && !success);
    assert.equal(failed.length, 1);
    const [told = assert.fail()] = ingestion.dataOf("ExceptionData").flatMap(({ exceptions }) => exceptions);
    assert.deepEqual([told.typeName, told.message], ["ProblemError", "ProblemError api_unavailable"]);
    assert.match(told.stack, /^ProblemError api_unavailable\n +at /);
  });

  it("a browser cannot keep its requests from being recorded, nor have the app trust more than the trace's id", () => {
    const traces = new Set(ingestion.items.map(({ tags }) => tags["ai.operation.id"]));
    assert.ok(traces.has(unsampledTraceId));
    const [{ headers } = assert.fail()] = orders.requests;
    assert.match(headers["traceparent"] ?? "", new RegExp(`^00-${unsampledTraceId}-(?!${callerSpan})[0-9a-f]{16}-01$`));
    assert.equal(headers["tracestate"], "ot=th:0");
    assert.equal(headers["baggage"], undefined);
  });

  it("the OTLP endpoint gets the same events, spans and metrics, with its key, under the service's name", () => {
    const named = (signal: string) => otlp.items.filter((item) => item.signal === signal);
    assert.deepEqual(new Set(otlp.keys), new Set(["key of the service"]));
    assert.deepEqual(new Set(otlp.items.map(({ resource }) => resource["service.name"])), new Set(["orders"]));
    assert.deepEqual(new Set(ingestion.items.map(({ tags }) => tags["ai.cloud.role"])), new Set(["orders"]));
    assert.equal(named("logs").filter(({ name }) => name === "signout").length, 2);
    assert.equal(named("traces").length, dependencies().length);
    const read = named("traces").find(({ name, traceId: id }) => name === "read in accounts" && id === traceId);
    assert.equal(read?.attributes["db.collection.name"], "accounts");
    const failures = named("logs").filter(({ attributes }) => attributes["exception.type"] === "ProblemError");
    assert.equal(failures.length, 1);
    assert.deepEqual(
      new Set(named("metrics").map(({ name }) => name)),
      new Set(ingestion.dataOf("MetricData").map((data) => data.metrics[0]?.name)),
    );
  });

  it("metrics add up what happened, retries too", () => {
    const arrived = new Map<string, number>();
    for (const {
      metrics: [metric],
    } of ingestion.dataOf("MetricData")) {
      if (metric) arrived.set(metric.name, (arrived.get(metric.name) ?? 0) + metric.value);
    }
    assert.equal(arrived.get("bff.sign_ins"), 3);
    assert.equal(arrived.get("bff.token_renewals"), 2);
    assert.equal(arrived.get("bff.sign_outs"), 2);
    assert.equal(arrived.get("bff.sign_out.sessions_removed"), 2);
    assert.equal(arrived.get("bff.store.retries"), 1);
    for (const name of arrived.keys()) assert.ok(Object.hasOwn(metrics, name), name);
  });

  it("no token, cookie, sid, name or address is in it", () => {
    const tokens = world.identityProvider.controls.issuedTokens();
    assert.ok(tokens.length > 6);
    const all = [
      ...secrets,
      ...tokens.flatMap((token, index) => partsOfToken(token, `token ${index}`)),
      { name: "client secret", text: world.platform.environment["AzureAd__ClientCredentials__0__ClientSecret"] ?? "" },
      { name: "account key", text: world.cosmos.accountKey },
      { name: "user name", text: ada },
      { name: "name", text: "Ada Lindqvist" },
      { name: "path of the API", text: "displayName" },
    ];
    const sent = Buffer.concat([Buffer.from(ingestion.bodies.join("\n")), ...otlp.bodies]);
    assert.ok(sent.length > 10_000);
    assert.deepEqual(findSecrets(sent, all), []);
    assert.deepEqual(findSecrets(Buffer.concat([sent, Buffer.from(ada)]), all).slice(0, 1), ["user name, plain"]);
  });
});
