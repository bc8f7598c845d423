import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, mock, test } from "node:test";
import { watchCredential } from "../../functions/credential-expiry.ts";
import { readyz } from "../../functions/health.ts";
import { subscriptionLifetimeMs } from "../../shared/account/directory-state.ts";
import { keepSubscribed } from "../../shared/directory/subscription.ts";
import { readinessOf } from "../../shared/readiness/readiness.ts";
import { invocation, testApp, type TestApp } from "./support/app.ts";
import { pair, selfSigned } from "./support/certificate.ts";
import { clientId, configuration } from "./support/environment.ts";
import { graph, json } from "./support/graph.ts";
import { call } from "./support/http.ts";

const day = 24 * 60 * 60_000;
const now = Date.parse("2026-12-01T12:00:00Z");
const credential = "AzureAd__ClientCredentials__0__";
const certificate = {
  [`${credential}SourceType`]: "Certificate",
  [`${credential}ClientSecret`]: undefined,
  [`${credential}Certificate`]: selfSigned() + pair.privateKey,
};
const managedIdentity = {
  [`${credential}SourceType`]: "SignedAssertionFromManagedIdentity",
  [`${credential}ClientSecret`]: undefined,
  [`${credential}ManagedIdentityClientId`]: clientId,
};
const secretUntil = (time: string) => ({ [`${credential}ClientSecretExpires`]: time });

afterEach(() => {
  mock.timers.reset();
  mock.restoreAll();
});

async function codesOf(app: TestApp): Promise<{ readonly codes: readonly string[]; readonly body: unknown }> {
  const { body } = await call(app, readyz);
  return { codes: (body as { warnings: { code: string }[] }).warnings.map(({ code }) => code), body };
}

/** What an instance that starts now logs at once, and on the days after. */
function watch(settings: Readonly<Record<string, string | undefined>>, days: number) {
  const given = invocation();
  watchCredential(configuration(settings), given.telemetry);
  for (let passed = 0; passed < days; passed++) mock.timers.tick(day);
  return given.events.map(({ level, event, attributes }) => [level, event, attributes["kind"], attributes["days"]]);
}
const told = (days: number) => ["warn", "credential_expires_soon", "secret", days];

describe("a credential that expires", () => {
  beforeEach(() => mock.timers.enable({ apis: ["Date", "setInterval"], now }));

  test("is told at the start and once a day, from 30 days before", () => {
    assert.deepEqual(watch(secretUntil("2027-01-02T12:00:00Z"), 3), [told(30), told(29)]);
    // Three days later.
    assert.deepEqual(watch(secretUntil("2026-12-06"), 0), [told(1)]);
    assert.deepEqual(watch(secretUntil("2026-11-30"), 0), [told(-5)]);
  });

  test("is a certificate by itself, and a secret only if the setting says when", () => {
    mock.timers.setTime(Date.now() + 100 * 365 * day);
    assert.equal(watch(certificate, 0)[0]?.[2], "certificate");
    assert.deepEqual(watch({}, 2), []);
  });

  test("is never a managed identity", async () => {
    assert.deepEqual(watch(managedIdentity, 400), []);
    assert.deepEqual((await codesOf(testApp(managedIdentity))).codes, []);
  });

  test("is a warning of /readyz, which tells everybody no date", async () => {
    const { codes, body } = await codesOf(testApp(secretUntil("2026-12-24")));
    assert.deepEqual(codes, ["credential_expires_soon"]);
    assert.doesNotMatch(JSON.stringify(body), /2026|\b22\b/);
    assert.deepEqual((await codesOf(testApp(secretUntil("2027-03-01")))).codes, []);
  });
});

describe("a host without a queue", () => {
  test("is a warning of /readyz, because a sign-out cannot wait", async () => {
    assert.deepEqual((await codesOf(testApp({ AzureWebJobsStorage: undefined }))).codes, ["queue_missing"]);
    const uri = { AzureWebJobsStorage: undefined, AzureWebJobsStorage__queueServiceUri: "https://a.queue.example" };
    assert.deepEqual((await codesOf(testApp(uri))).codes, []);
  });
});

describe("a directory that is to end sessions", () => {
  beforeEach(() => mock.timers.enable({ apis: ["Date"], now }));

  test("is a warning of /readyz until the app is subscribed to it, and again when the subscription has expired", async () => {
    const given = graph();
    given.answer = ({ method }) => (method === "POST" ? json({ id: "sub" }, 201) : json({ value: [] }));
    const { app } = given;
    const codes = async () => {
      // Anew each time, because an answer is kept for two seconds.
      const readiness = readinessOf(app.configuration, app.authority, async () => app.store());
      const directoryIsSilent = async (signal: AbortSignal) => readiness.directoryIsSilent(signal);
      return (await codesOf({ ...app, readiness: { ...app.readiness, directoryIsSilent } })).codes;
    };
    assert.deepEqual(await codes(), ["directory_not_subscribed"]);
    await keepSubscribed(app, given.directory, invocation());
    assert.deepEqual(await codes(), []);
    mock.timers.tick(subscriptionLifetimeMs - 1);
    assert.deepEqual(await codes(), []);
    mock.timers.tick(1);
    assert.deepEqual(await codes(), ["directory_not_subscribed"]);
  });

  test("is no warning while the store does not answer, which /readyz says itself", async () => {
    const { configuration: given, authority } = testApp({ Directory__Notifications: "true" });
    const readiness = readinessOf(given, authority, () => Promise.reject(new Error("down")));
    assert.equal(await readiness.directoryIsSilent(new AbortController().signal), false);
  });
});
