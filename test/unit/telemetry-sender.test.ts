import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, test } from "node:test";
import { eventEnvelope, type Envelope } from "../../shared/azure-monitor/envelopes.ts";
import { sender, type Sender } from "../../shared/azure-monitor/sender.ts";
import { startIngestion, type Ingestion } from "../support/ingestion.ts";

const source = { instrumentationKey: "key", role: "app", roleInstance: "1" };

function envelope(number: number): Envelope {
  return eventEnvelope(source, "signout", { number }, undefined);
}

describe("telemetry on its way", () => {
  let ingestion: Ingestion;
  let warnings: string[];
  let outbox: Sender;
  beforeEach(async () => {
    ingestion = await startIngestion();
    warnings = [];
    outbox = sender({
      url: new URL(`${ingestion.url}/v2.1/track`),
      authorize: async () => ({ authorization: "Bearer token" }),
      warn: (text) => warnings.push(text),
    });
  });
  afterEach(() => ingestion[Symbol.asyncDispose]());

  const arrived = () => ingestion.dataOf("EventData").map(({ measurements }) => measurements["number"]);
  const add = (...numbers: number[]) => numbers.forEach((number) => outbox.add(envelope(number)));

  test("goes together, in order, and with the credential", async () => {
    add(1, 2, 3);
    assert.equal(await outbox.send(), true);
    assert.deepEqual(arrived(), [1, 2, 3]);
    assert.equal(ingestion.bodies.length, 1);
    assert.deepEqual(ingestion.authorizations, ["Bearer token"]);
  });

  test("goes in pieces when there is much of it", async () => {
    add(...Array.from({ length: 1_200 }, (_, number) => number));
    await outbox.send();
    assert.equal(ingestion.bodies.length, 3);
    assert.equal(new Set(arrived()).size, 1_200);
  });

  for (const status of [401, 403, 408, 429, 439, 500, 502, 503, 504]) {
    test(`is kept when the endpoint answers ${status}, and told of once`, async () => {
      ingestion.answers.push({ status }, { status });
      add(1);
      assert.equal(await outbox.send(), false);
      add(2);
      // It is not asked again so soon, except when the app ends.
      assert.equal(await outbox.send(), false);
      assert.equal(ingestion.bodies.length, 1);
      await outbox.drain(5_000);
      assert.deepEqual(arrived(), []);
      await outbox.drain(5_000);
      assert.deepEqual(arrived(), [1, 2]);
      assert.deepEqual(warnings, [`telemetry: the ingestion endpoint accepts nothing (${status})`]);
    });
  }

  test("is dropped when the endpoint will never take it", async () => {
    ingestion.answers.push({ status: 400 }, { status: 400 });
    for (const number of [1, 2, 3]) {
      add(number);
      await outbox.send();
    }
    assert.deepEqual(arrived(), [3]);
    assert.deepEqual(warnings, ["telemetry: the ingestion endpoint refuses everything (400)"]);
  });

  test("that was taken in part is sent again in part: what may be taken later", async () => {
    const errors = [
      { index: 1, statusCode: 429, message: "later" },
      { index: 2, statusCode: 400, message: "never" },
      { index: 9, statusCode: 500, message: "there is no such item" },
    ];
    ingestion.answers.push({ status: 206, body: { itemsReceived: 3, itemsAccepted: 1, errors } });
    add(1, 2, 3);
    await outbox.send();
    await outbox.send();
    assert.deepEqual(arrived(), [2]);
  });

  test("is kept when the endpoint cannot be reached or answers rubbish", async () => {
    ingestion.answers.push({ status: 206, body: "rubbish" }, { status: 206, body: { errors: [{}, 7, null] } });
    add(1);
    await outbox.drain(5_000);
    add(2);
    await outbox.drain(5_000);
    assert.equal(ingestion.bodies.length, 2);
  });

  test("follows the endpoint within the service", async () => {
    ingestion.answers.push({ status: 308, headers: { location: `${ingestion.url}/v2.1/track` } });
    add(1);
    await outbox.drain(5_000);
    assert.deepEqual(arrived(), [1]);
  });

  test("does not follow it anywhere else: the credential is for this service", async () => {
    await using elsewhere = await startIngestion();
    ingestion.answers.push({ status: 308, headers: { location: `${elsewhere.url}/v2.1/track` } });
    add(1);
    await outbox.drain(5_000);
    assert.deepEqual(elsewhere.bodies, []);
    assert.equal(warnings.length, 1);
  });

  test("does not fill the memory while nobody takes it", async () => {
    ingestion.answers.push({ status: 503 });
    add(...Array.from({ length: 10_000 }, (_, number) => number));
    await outbox.send();
    add(10_000);
    await outbox.drain(60_000);
    assert.equal(arrived().length, 8_192);
    assert.equal(arrived()[0], 0);
  });
});
