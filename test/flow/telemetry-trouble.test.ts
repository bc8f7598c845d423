import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { wasLoaded } from "../support/coverage.ts";
import { instrumentationKey, startIngestion } from "../support/ingestion.ts";
import { startManagedIdentity } from "../support/managed-identity.ts";
import { signIn, startWorld, type World } from "../support/world.ts";

const identityClientId = "66666666-6666-4666-8666-666666666666";
const setting = "APPLICATIONINSIGHTS_CONNECTION_STRING";
const exporter = "dist/telemetry-azure-monitor.cjs";

describe("telemetry", () => {
  let world: World;
  before(async () => {
    world = await startWorld();
  });
  after(() => world.stop());

  /** Starts an instance, uses it as a person would, and ends it. */
  async function useInstance(environment: Readonly<Record<string, string>>): Promise<string> {
    const instance = await world.startInstance(environment);
    const client = world.client(world.instances.length - 1);
    await signIn(client, "ada@contoso.example", "/healthz");
    assert.equal((await client.fetch("/api/graph/me")).status, 200);
    await instance.stop();
    assert.equal(await instance.exited, 0);
    return instance.lines.join("\n");
  }

  async function isExporterLoaded(environment: Readonly<Record<string, string>>): Promise<boolean> {
    const folder = await mkdtemp(join(tmpdir(), "coverage-"));
    await useInstance({ ...environment, NODE_V8_COVERAGE: folder });
    const loaded = await wasLoaded(folder, exporter);
    await rm(folder, { recursive: true });
    return loaded;
  }

  it("is not even loaded where Application Insights is not configured", async () => {
    assert.equal(await isExporterLoaded({}), false);
  });

  it("is loaded where it is, or the test before would prove nothing", async () => {
    await using ingestion = await startIngestion();
    assert.equal(await isExporterLoaded({ [setting]: ingestion.connectionString }), true);
    assert.ok(ingestion.items.length > 0);
  });

  it("goes with the token of the managed identity that the host's setting names, for the connection's audience", async () => {
    await using ingestion = await startIngestion();
    await using identity = await startManagedIdentity("token for telemetry");
    await useInstance({
      [setting]: `${ingestion.connectionString};AADAudience=https://monitor.azure.us`,
      APPLICATIONINSIGHTS_AUTHENTICATION_STRING: `ClientId=${identityClientId};Authorization=AAD`,
      IDENTITY_ENDPOINT: identity.url,
      IDENTITY_HEADER: "header",
    });
    assert.ok(ingestion.items.length > 0);
    assert.deepEqual(new Set(ingestion.authorizations), new Set(["Bearer token for telemetry"]));
    const [asked = new URL("about:blank")] = identity.asked;
    assert.equal(asked.searchParams.get("resource"), "https://monitor.azure.us");
    assert.equal(asked.searchParams.get("client_id"), identityClientId);
    assert.equal(identity.asked.length, 1);
  });

  it("waits while there is no token, and keeps nobody waiting", async () => {
    await using ingestion = await startIngestion();
    const log = await useInstance({
      [setting]: ingestion.connectionString,
      APPLICATIONINSIGHTS_AUTHENTICATION_STRING: "Authorization=AAD",
      IDENTITY_ENDPOINT: `${ingestion.url}/no-such-path`,
      IDENTITY_HEADER: "header",
    });
    assert.deepEqual(ingestion.bodies, []);
    assert.match(log, /telemetry: Application Insights accepts nothing/);
  });

  it("does not keep the app from working, nor from ending, while nobody takes it", async () => {
    const refusing = createServer().listen(0, "127.0.0.1");
    await once(refusing, "listening");
    const { port } = refusing.address() as AddressInfo;
    await new Promise((closed) => refusing.close(closed));
    const log = await useInstance({
      [setting]: `InstrumentationKey=${instrumentationKey};IngestionEndpoint=https://127.0.0.1:${port}/`,
    });
    assert.deepEqual(log.match(/telemetry: .*/g), ["telemetry: Application Insights accepts nothing (ECONNREFUSED)"]);
  });

  it("does not keep the app from working, nor from ending, while it gets no answer", async () => {
    await using ingestion = await startIngestion();
    ingestion.answers.push(...Array.from({ length: 20 }, () => "hang" as const));
    await useInstance({ [setting]: ingestion.connectionString });
    assert.ok(ingestion.bodies.length > 0);
    assert.deepEqual(ingestion.items, []);
  });

  it("is told of once, and no more, when its settings cannot be right", async () => {
    const log = await useInstance({ [setting]: "nonsense" });
    assert.deepEqual(log.match(/^(?:APPLICATION|telemetry).*/gm), [
      `${setting}: expects an InstrumentationKey that is a GUID`,
    ]);
  });

  it("tells that an app cannot start its work, and how many settings are wrong", async () => {
    await using ingestion = await startIngestion();
    const environment = { [setting]: ingestion.connectionString, SignOut__Scope: "everything" };
    const instance = await world.startInstance(environment);
    assert.equal((await fetch(`${instance.url}/auth/me`)).status, 503);
    await instance.stop();
    const [event] = ingestion.dataOf("EventData");
    assert.equal(event?.name, "configuration_invalid");
    assert.deepEqual(event?.measurements, { problems: 1 });
  });
});
