import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { startAppInstance, type AppInstance } from "@entra-functions-bff/functions-host/instance";
import { assertProblem } from "../support/assertions.ts";
import { seedCertificates } from "../support/certificates.ts";
import { quickStart } from "../support/compile-cache.ts";
import { createClient } from "../support/http-client.ts";

const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
const pkcs8Key = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
const pkcs1Key = privateKey.export({ type: "pkcs1", format: "pem" }).toString();

const folder = await mkdtemp(join(tmpdir(), "bff-certificate-"));
await seedCertificates(join(folder, "some"));
const certificate = await readFile(join(folder, "some", "server.pem"), "utf8");
await rm(folder, { recursive: true });

type Environment = Readonly<Record<string, string>>;

const secret = "s3cret-value-of-the-client";
const accountKey = Buffer.from("the account key of the store").toString("base64");
const credential = "AzureAd__ClientCredentials__0__";

/** Everything that the app needs, and nothing that it would connect to before it is asked to. */
const complete: Environment = {
  PublicBaseUrl: "http://localhost:7071",
  AzureAd__TenantId: "3f1b7a52-6c0e-4d5b-9a74-0d2c8e51b6af",
  AzureAd__ClientId: "6d2f0c8e-4b1a-4f7d-9c35-a8e1d07b9f42",
  [`${credential}SourceType`]: "ClientSecret",
  [`${credential}ClientSecret`]: secret,
  CosmosDb: `AccountEndpoint=http://127.0.0.1:1/;AccountKey=${accountKey};`,
};

const without = (...names: readonly string[]) =>
  Object.fromEntries(Object.entries(complete).filter(([name]) => !names.includes(name)));

interface Case {
  readonly environment: Environment;
  /** The settings named, with a word of what is said about each. */
  readonly names: Readonly<Record<string, RegExp>>;
}

const cases: Readonly<Record<string, Case>> = {
  "nothing at all": {
    environment: {},
    names: {
      PublicBaseUrl: /missing.*https:\/\/ origin/,
      AzureAd__TenantId: /missing.*GUID or domain/,
      AzureAd__ClientId: /missing.*GUID/,
      [`${credential}SourceType`]: /missing.*ClientSecret/,
      CosmosDb: /missing, and so is CosmosDb__accountEndpoint/,
    },
  },
  "values that are none": {
    environment: {
      ...complete,
      PublicBaseUrl: "http://app.example/path",
      AzureAd__Instance: "http://login.example/",
      AzureAd__TenantId: "not a tenant",
      AzureAd__ClientId: "not-a-guid",
      [`${credential}SourceType`]: "Password",
      CosmosDb: "Server=x",
      CosmosDb__databaseName: "a/b",
      Session__IdleTimeoutMinutes: "soon",
      Session__AbsoluteTimeoutMinutes: "0",
      Session__MaxPerAccount: "51",
      SignOut__Scope: "everything",
      DownstreamApis__graph__BaseUrl: "http://graph.example",
      DownstreamApis__other__Scopes: "a/b",
    },
    names: {
      PublicBaseUrl: /not valid/,
      AzureAd__Instance: /https/,
      AzureAd__TenantId: /not valid/,
      AzureAd__ClientId: /GUID/,
      [`${credential}SourceType`]: /not valid/,
      CosmosDb: /AccountEndpoint=/,
      CosmosDb__databaseName: /not valid/,
      Session__IdleTimeoutMinutes: /whole number/,
      Session__AbsoluteTimeoutMinutes: /whole number/,
      Session__MaxPerAccount: /1 to 50/,
      SignOut__Scope: /account or session/,
      DownstreamApis__graph__BaseUrl: /https/,
      DownstreamApis__graph__Scopes: /missing/,
      DownstreamApis__other__BaseUrl: /missing/,
    },
  },
  "settings that contradict one another": {
    environment: {
      ...complete,
      AzureAd__AllowedTenants: "3f1b7a52-6c0e-4d5b-9a74-0d2c8e51b6af",
      [`${credential}ManagedIdentityClientId`]: "3f1b7a52-6c0e-4d5b-9a74-0d2c8e51b6af",
      CosmosDb__accountEndpoint: "https://store.example/",
      Session__IdleTimeoutMinutes: "60",
      Session__AbsoluteTimeoutMinutes: "30",
    },
    names: {
      AzureAd__AllowedTenants: /contradicts AzureAd__TenantId/,
      [`${credential}ManagedIdentityClientId`]: /contradicts .*SourceType, which is ClientSecret/,
      CosmosDb__accountEndpoint: /contradicts CosmosDb/,
      Session__IdleTimeoutMinutes: /contradicts Session__AbsoluteTimeoutMinutes/,
    },
  },
  "a secret that is not there, and a store's key that would go over the network in clear": {
    environment: {
      ...without(`${credential}ClientSecret`),
      CosmosDb: `AccountEndpoint=http://store.example/;AccountKey=${accountKey};`,
    },
    names: { [`${credential}ClientSecret`]: /missing/, CosmosDb: /AccountEndpoint/ },
  },
  "a certificate without its key": {
    environment: {
      ...without(`${credential}ClientSecret`),
      [`${credential}SourceType`]: "Certificate",
      [`${credential}Certificate`]: "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----",
    },
    names: { [`${credential}Certificate`]: /PRIVATE KEY/ },
  },
  "a certificate whose key is of a kind that cannot be used": {
    environment: {
      ...without(`${credential}ClientSecret`),
      [`${credential}SourceType`]: "Certificate",
      [`${credential}Certificate`]: `${certificate}\n${pkcs1Key}`,
    },
    names: { [`${credential}Certificate`]: /PRIVATE KEY/ },
  },
  "a certificate that cannot be read": {
    environment: {
      ...without(`${credential}ClientSecret`),
      [`${credential}SourceType`]: "Certificate",
      [`${credential}Certificate`]: `-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n${pkcs8Key}`,
    },
    names: { [`${credential}Certificate`]: /CERTIFICATE/ },
  },
};

async function expectExplanation(instance: AppInstance, names: Case["names"]): Promise<void> {
  const client = createClient(instance.url);
  for (let times = 0; times < 2; times++) {
    const ready = await client.fetch("/readyz");
    assert.equal(ready.status, 503);
    const { problems, checks } = ready.json() as { problems: { setting: string; problem: string }[]; checks: object };
    assert.deepEqual(checks, { configuration: "configuration_invalid" });
    assert.deepEqual(problems.map(({ setting }) => setting).sort(), Object.keys(names).sort());
    for (const { setting, problem } of problems) assert.match(problem, names[setting] ?? /$^/, setting);
  }
  for (const [name, pattern] of Object.entries(names)) {
    const lines = instance.lines.filter((line) => line.includes(`${name}: `));
    assert.equal(lines.length, 1, `${name}:\n${instance.lines.join("\n")}`);
    assert.match(lines[0] ?? "", pattern);
  }
  assert.equal(instance.lines.filter((line) => line.includes("configuration_invalid")).length, 1);
}

async function expectServiceUnavailable({ url }: AppInstance): Promise<void> {
  const client = createClient(url);
  assert.equal((await client.fetch("/healthz")).status, 200);
  for (const path of [
    "/auth/login",
    "/auth/callback?state=x&code=y",
    "/auth/me",
    "/api/graph/me",
    "/auth/signed-out",
  ]) {
    const answer = await client.fetch(path);
    assertProblem(answer, 503, "configuration_invalid");
    assert.equal(answer.headers["x-content-type-options"], "nosniff");
  }
  assertProblem(await client.fetch("/auth/logout", { method: "POST" }), 503, "configuration_invalid");
  const page = await client.fetch("/", { headers: { accept: "text/html" } });
  assert.equal(page.status, 503);
  assert.match(page.body, /readyz/);
}

/** Names are told, values never: they may be secrets in the wrong place. */
function expectNoValues({ lines }: AppInstance, environment: Environment): void {
  const log = lines.join("\n");
  for (const value of [secret, accountKey, pkcs1Key.slice(40, 90), pkcs8Key.slice(40, 90)]) {
    assert.ok(!log.includes(value));
  }
  for (const value of Object.values(environment)) if (value.length > 12) assert.ok(!log.includes(value), value);
}

describe("an app whose settings", { concurrency: 2 }, () => {
  for (const [what, { environment, names }] of Object.entries(cases)) {
    it(`are ${what}: says which and what it expects, at start, once, and at /readyz; values stay secret`, async () => {
      const { PATH, HOME } = process.env;
      const instance = await startAppInstance({
        appFolder: ".",
        port: 0,
        environment: { PATH, HOME, ...quickStart, ...environment },
      });
      try {
        await expectExplanation(instance, names);
        await expectServiceUnavailable(instance);
        expectNoValues(instance, environment);
      } finally {
        await instance.stop();
      }
    });
  }

  it("are complete: starts, and is not ready as long as nothing answers that it depends on", async () => {
    const { PATH, HOME } = process.env;
    const environment = { PATH, HOME, ...quickStart, ...complete, AzureAd__Instance: "https://127.0.0.1:1/" };
    const instance = await startAppInstance({ appFolder: ".", port: 0, environment });
    try {
      const ready = await createClient(instance.url).fetch("/readyz");
      assert.equal(ready.status, 503);
      const checks = {
        configuration: "ok",
        store: "store_unavailable",
        identityProvider: "identity_provider_unavailable",
        credential: "identity_provider_unavailable",
      };
      assert.deepEqual(ready.json()["checks"], checks);
      assert.ok(!instance.lines.join("\n").includes("configuration_invalid"));
    } finally {
      await instance.stop();
    }
  });
});
