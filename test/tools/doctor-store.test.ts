import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { Agent } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { CosmosClient, PartitionKeyKind, type ContainerRequest } from "@azure/cosmos";
import { checkStore } from "../../tools/doctor/checks/store.ts";
import type { Finding } from "../../tools/doctor/finding.ts";
import { startCosmosEndpoint, type CosmosEndpoint } from "@entra-functions-bff/cosmos-endpoint";
import { seedCertificates } from "../support/certificates.ts";
import { startCosmosRoles, type CosmosRoles, type DataAction } from "../support/cosmos-roles.ts";
import { assertFinding } from "./doctor-harness.ts";

const right: Omit<ContainerRequest, "id"> = {
  partitionKey: { paths: ["/id"], kind: PartitionKeyKind.Hash },
  defaultTtl: -1,
};

async function createStore(
  endpoint: CosmosEndpoint,
  containers: Readonly<Record<string, Omit<ContainerRequest, "id">>>,
): Promise<CosmosClient> {
  const client = new CosmosClient({ connectionString: endpoint.connectionString });
  const { database } = await client.databases.createIfNotExists({ id: "auth" });
  for (const [id, definition] of Object.entries(containers)) await database.containers.create({ id, ...definition });
  return client;
}

async function withStore(
  containers: Readonly<Record<string, Omit<ContainerRequest, "id">>>,
  look: (findings: readonly Finding[]) => void,
  defaultConsistency = "Strong",
): Promise<void> {
  const endpoint = await startCosmosEndpoint({ port: 0, dataFile: ":memory:", defaultConsistency });
  const client = await createStore(endpoint, containers);
  const { connectionString } = endpoint;
  const connection = { kind: "connectionString", connectionString } as const;
  const findings = await checkStore(client, { connection, databaseName: "auth", regions: [] }, "app");
  client.dispose();
  await endpoint.stop();
  look(findings);
}

describe("npm run doctor, at an account with a key", () => {
  it("tells a consistency that lets signed-out sessions live on", async () => {
    await withStore(
      { accounts: right, sids: right },
      (findings) => {
        assertFinding(findings, "Consistency", "failed", /default is Session\. Set .* to Strong/);
        assertFinding(findings, "Container accounts", "ok", /partition key \/id/);
      },
      "Session",
    );
  });

  it("tells a missing container, and one whose time to live is off", async () => {
    const { defaultTtl: _off, ...withoutTtl } = right;
    await withStore({ accounts: withoutTtl }, (findings) => {
      assertFinding(findings, "Container accounts", "failed", /time to live is off\. Set it to On \(no default\)/);
      assertFinding(findings, "Container sids", "failed", /there is no container sids in auth\. Deploy/);
    });
  });

  it("tells a time to live with a default, and another partition key", async () => {
    const elsewhere = { ...right, partitionKey: { paths: ["/accountKey"], kind: PartitionKeyKind.Hash } };
    await withStore({ accounts: { ...right, defaultTtl: 3600 }, sids: elsewhere }, (findings) => {
      assertFinding(findings, "Container accounts", "failed", /has the default of 3600 s\. Set it/);
      assertFinding(findings, "Container sids", "failed", /partition key is \/accountKey\. .*create it with \/id/);
    });
  });
});

describe("npm run doctor, at an account with roles", () => {
  const pointOperations: readonly DataAction[] = [
    "readMetadata",
    "items/create",
    "items/read",
    "items/replace",
    "items/delete",
  ];
  const roles = new Map<string, readonly DataAction[]>([
    ["least", pointOperations],
    ["contributor", [...pointOperations, "executeQuery"]],
    ["blind", ["readMetadata"]],
  ]);
  let endpoint: CosmosEndpoint;
  let account: CosmosRoles;
  let folder: string;
  let agent: Agent;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "bff-roles-"));
    await seedCertificates(join(folder, "certificates"));
    const [key, cert, ca] = await Promise.all(
      ["server.key", "server.pem", "ca.pem"].map((file) => readFile(join(folder, "certificates", file), "utf8")),
    );
    endpoint = await startCosmosEndpoint({ port: 0, dataFile: ":memory:" });
    (await createStore(endpoint, { accounts: right, sids: right })).dispose();
    account = await startCosmosRoles(endpoint, roles, { key: key ?? "", cert: cert ?? "" });
    agent = new Agent({ ...(ca !== undefined && { ca }) });
  });
  after(async () => {
    agent.destroy();
    await account.stop();
    await endpoint.stop();
    await rm(folder, { recursive: true });
  });

  async function checkAs(token: string, who: "app" | "operator" = "app"): Promise<readonly Finding[]> {
    const aadCredentials = { getToken: async () => ({ token, expiresOnTimestamp: Date.now() + 3_600_000 }) };
    const client = new CosmosClient({ endpoint: account.url, aadCredentials, agent });
    const connection = { kind: "identity", endpoint: account.url, clientId: undefined } as const;
    const findings = await checkStore(client, { connection, databaseName: "auth", regions: [] }, who);
    client.dispose();
    return findings;
  }

  it("is content with a role that allows what the app does, and nothing more", async () => {
    const findings = await checkAs("least");
    assert.deepEqual(
      findings.map(({ status }) => status),
      ["ok", "ok", "ok", "ok", "ok"],
      JSON.stringify(findings),
    );
    assertFinding(findings, "Permissions", "ok", /point reads are allowed, queries are refused/);
  });

  it("tells a role that allows more", async () => {
    const says = /a query is allowed\. Assign the role of infra\/modules\/cosmos\.bicep instead/;
    assertFinding(await checkAs("contributor"), "Permissions", "warning", says);
  });

  it("tells a role that allows too little", async () => {
    assertFinding(await checkAs("blind"), "Permissions", "failed", /reading a document is refused\. Assign/);
  });

  it("does not take what the operator may do for what the app may do", async () => {
    const findings = await checkAs("contributor", "operator");
    assertFinding(findings, "Permissions", "not checked", /your own sign-in was used/);
    assertFinding(findings, "Consistency", "ok", /Strong/);
  });

  it("calls nothing fine, and nothing broken, that a stranger is not let see", async () => {
    const findings = await checkAs("stranger");
    assert.deepEqual(new Set(findings.map(({ status }) => status)), new Set(["not checked"]));
    assertFinding(findings, "Cosmos DB", "not checked", /your own sign-in has no data-plane role/);
  });

  it("writes nothing", () => {
    assert.deepEqual(endpoint.dump(), []);
  });
});
