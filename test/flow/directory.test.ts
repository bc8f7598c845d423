import assert from "node:assert/strict";
import { after, before, beforeEach, describe, it } from "node:test";
import { eventually } from "@entra-functions-bff/stand-in-kit/eventually";
import { startDirectoryWorld, type DirectoryWorld } from "../support/directory.ts";
import type { Client } from "../support/http-client.ts";
import { eventsIn } from "../support/log.ts";
import { ada } from "../support/race.ts";
import { dumpStore } from "../support/store.ts";
import { signIn } from "../support/world.ts";

const [bruno, zoe, mika] = ["bruno@contoso.example", "zoe@contoso.example", "mika@fabrikam.example"];
const statusOf = async (client: Client) => (await client.fetch("/auth/me")).status;
const ended = async (client: Client) =>
  eventually("the session has ended", async () => (await statusOf(client)) === 401);

describe("a directory that ends sessions", () => {
  let world: DirectoryWorld;
  before(async () => {
    world = await startDirectoryWorld();
    await world.subscribe();
  });
  after(() => world.stop());
  beforeEach(() => {
    world.userDirectory.requests.length = 0;
  });

  async function signedIn(username: string): Promise<Client> {
    const client = world.client();
    await signIn(client, username, "/healthz");
    return client;
  }
  const controls = () => world.userDirectory.controls;
  const outcomes = () =>
    eventsIn(world.log(), "signout").flatMap(({ origin, outcome }) => (origin === "directory" ? [outcome] : []));
  const address = () => `${world.publicBaseUrl}/auth/directory-notifications`;
  const post = async (query: string, body?: string, type = "application/json") =>
    fetch(address() + query, { method: "POST", headers: { "content-type": type }, ...(body && { body }) });
  const askedAbout = (username: string) =>
    world.userDirectory.requests.filter((asked) => asked.startsWith(`GET /v1.0/users/${world.idOf(username)}`));

  it("is subscribed to with a handshake, for 29 days less an hour", async () => {
    const [subscription, ...more] = world.userDirectory.subscriptions.values();
    assert.ok(subscription);
    assert.deepEqual(more, []);
    assert.deepEqual([subscription.notificationUrl, subscription.lifecycleNotificationUrl], [address(), address()]);
    const minutes = (Date.parse(subscription.expirationDateTime) - Date.now()) / 60_000;
    assert.ok(minutes > 41_600 && minutes <= 41_760, String(minutes));
    const { sids } = await dumpStore(world);
    assert.ok(!JSON.stringify([world.log(), sids]).includes(subscription.clientState));
  });

  it("changes nobody's session when it changes a name, and asks about nobody who is not signed in", async () => {
    const client = await signedIn(ada);
    controls().rename(world.idOf(ada), "Ada L.");
    controls().rename(world.idOf(bruno), "Bruno C.");
    await world.lookedAt();
    assert.equal(await statusOf(client), 200);
    assert.deepEqual([askedAbout(ada).length, askedAbout(bruno)], [2, []]);
    assert.deepEqual(outcomes(), []);
  });

  it("ends the sessions that began before they were revoked, and none that began later, however often it says so", async () => {
    const early = await signedIn(ada);
    controls().delivery.doubleNext();
    controls().revoke(world.idOf(ada), new Date(Date.now() + 1_000).toISOString());
    await ended(early);
    controls().revoke(world.idOf(ada), new Date(Date.now() - 3_600_000).toISOString());
    const later = await signedIn(ada);
    controls().rename(world.idOf(ada), "Ada Lindqvist");
    await world.lookedAt();
    assert.equal(await statusOf(later), 200);
  });

  it("signs a person out everywhere whose account is disabled, and nobody else", async () => {
    const [laptop, phone, other] = [await signedIn(ada), await signedIn(ada), await signedIn(mika)];
    controls().disable(world.idOf(ada));
    await ended(laptop);
    assert.deepEqual([await statusOf(phone), await statusOf(other)], [401, 200]);
    assert.equal(outcomes().at(-1), "account_deleted");
  });

  it("signs a guest out whose account in this tenant is disabled: it has another id there than at home", async () => {
    const guest = await signedIn(mika);
    controls().disable(world.idOf(mika));
    await ended(guest);
    controls().enable(world.idOf(mika));
    await world.lookedAt();
  });

  it("signs a person out whose account is deleted, also after the app has asked for a while in vain", async () => {
    const client = await signedIn(bruno);
    controls().failNext(/GET \/v1.0\/users\/5a9c/, { type: "status", status: 429, headers: { "retry-after": "1" } });
    controls().failNext(/GET \/v1.0\/users\/5a9c/, { type: "status", status: 503 });
    controls().remove(world.idOf(bruno));
    await ended(client);
    assert.deepEqual(
      eventsIn(world.log(), "directory_failed").map(({ step, reason }) => [step, reason]),
      [
        ["work", "429"],
        ["work", "503"],
      ],
    );
  });

  it("is compared with when notifications are lost", async () => {
    const client = await signedIn(zoe);
    controls().delivery.loseNext();
    controls().remove(world.idOf(zoe), true);
    controls().lifecycle("missed");
    await ended(client);
    assert.ok(world.userDirectory.requests.some((asked) => asked.includes("users/delta?$deltatoken=")));
  });

  it("has the subscription renewed when it asks for that, and gets another one when it has removed it", async () => {
    const { requests, subscriptions } = world.userDirectory;
    const asked = (what: RegExp) => () => requests.some((each) => what.test(each));
    controls().lifecycle("reauthorizationRequired");
    await eventually("it is renewed", asked(/PATCH \/v1.0\/subscriptions\//));
    controls().lifecycle("subscriptionRemoved");
    controls().dropSubscriptions();
    await eventually("there is another", () => subscriptions.size === 1);
    assert.ok(asked(/POST \/v1.0\/subscriptions/)());
  });

  it("gives the validation token back as text, decoded once", async () => {
    const answer = await post("?validationToken=Validation%3A+a%2520b+%3Cscript%3E+100%25%2B", "", "text/plain");
    assert.equal(answer.status, 200);
    assert.match(answer.headers.get("content-type") ?? "", /^text\/plain\b/);
    assert.equal(answer.headers.get("x-content-type-options"), "nosniff");
    assert.equal(await answer.text(), "Validation: a%20b <script> 100%+");
    for (const query of [`?validationToken=${"x".repeat(1_025)}`, "?validationToken=a&validationToken=b"]) {
      assert.equal((await post(query)).status, 400, query);
    }
  });

  it("is not believed without the secret, and nobody is asked about", async () => {
    const client = await signedIn(mika);
    const { tenantId } = world.identityProvider;
    const forged = { clientState: "guess", tenantId, resourceData: { id: world.idOf(mika) } };
    // 503: it has asked the store for another secret a moment ago, and will not again so soon.
    assert.ok([202, 503].includes((await post("", JSON.stringify({ value: [forged] }))).status));
    for (const body of ["", "x", "[]", "{}", '{"value":1}']) assert.equal((await post("", body)).status, 400, body);
    assert.equal((await post("", '{"value":[]}', "text/plain")).status, 400);
    assert.equal((await post("", `{"value":[],"x":"${"y".repeat(1_048_576)}"}`)).status, 413);
    assert.equal((await fetch(address())).status, 404);
    assert.equal(await statusOf(client), 200);
    assert.deepEqual(askedAbout(mika), []);
  });

  it("says again what the queue did not take", async () => {
    const client = await signedIn(mika);
    await world.queue.set({ status: 503 });
    controls().rename(world.idOf(mika), "Mika");
    const [delivery] = world.userDirectory.deliveries.slice(-1);
    await eventually("it was refused", () => delivery?.statuses[0] === 503);
    await world.queue.set(undefined);
    await eventually("it was taken", () => delivery?.statuses.at(-1) === 202);
    assert.equal(await statusOf(client), 200);
  });
});
