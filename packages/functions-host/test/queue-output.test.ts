import assert from "node:assert/strict";
import { test } from "node:test";
import type { HttpResponseInit, InvocationContext } from "@azure/functions";
import { bytesThenSilence, startRawServer } from "@entra-functions-bff/stand-in-kit/raw-server";
import type { Library, TestHost } from "./fixtures/harness.ts";
import { createQueue, openQueue, setSetting, startQueueHost, useQueueStorage } from "./fixtures/queues.ts";

const storage = useQueueStorage();

/** An app with one function that gives `value()` to the queue. */
function writing(
  queueName: string,
  value: (context: InvocationContext) => unknown,
  connection = "AzureWebJobsStorage",
) {
  return ({ app, output }: Library) => {
    const queue = output.storageQueue({ queueName, connection });
    const handler = (_request: unknown, context: InvocationContext): HttpResponseInit => {
      context.extraOutputs.set(queue, value(context));
      return { status: 202, body: "taken", cookies: [{ name: "a", value: "b" }] };
    };
    app.http("write", { methods: ["POST"], extraOutputs: [queue], handler });
  };
}

function streaming(register: (library: Library) => void) {
  return (library: Library) => {
    library.app.setup({ enableHttpStream: true });
    register(library);
  };
}

function post(host: TestHost): Promise<Response> {
  return fetch(`${host.url}/write`, { method: "POST" });
}

test("an object becomes one message of JSON, in Base64; the queue is created", async (t) => {
  const queue = openQueue(storage());
  const host = await startQueueHost(
    t,
    writing(queue.name, () => ({ origin: "app", list: [1], text: "ä" })),
  );
  const response = await post(host);
  assert.deepEqual([response.status, await response.text()], [202, "taken"]);
  const { peekedMessageItems } = await queue.client.peekMessages();
  const stored = peekedMessageItems[0]?.messageText ?? "";
  assert.match(stored, /^[A-Za-z0-9+/]+=*$/);
  assert.deepEqual(JSON.parse(Buffer.from(stored, "base64").toString()), { origin: "app", list: [1], text: "ä" });
  const seconds = ((peekedMessageItems[0]?.expiresOn.getTime() ?? 0) - Date.now()) / 1000;
  assert.ok(Math.abs(seconds - 7 * 24 * 3600) < 60, "kept for seven days");
});

test("arrays are a message for each element, text and bytes go as they are, nothing is no message", async (t) => {
  const queue = await createQueue(storage());
  const values: [unknown, string[]][] = [
    [
      ["a", { b: 1 }, 2],
      ["a", '{\n  "b": 1\n}', "2"],
    ],
    ["plain text", ["plain text"]],
    ['["x","y"]', ["x", "y"]],
    ["", [""]],
    [Buffer.from("bytes"), ["bytes"]],
    [7, ["7"]],
    [0.5, ["0.5"]],
    [true, ["True"]],
    [[], []],
    [undefined, []],
    [null, []],
  ];
  let value: unknown;
  const host = await startQueueHost(
    t,
    writing(queue.name, () => value),
  );
  for (const [given, expected] of values) {
    value = given;
    assert.equal((await post(host)).status, 202);
    assert.deepEqual((await queue.contents()).sort(), expected.sort(), String(given));
    await queue.client.clearMessages();
  }
});

test("messageEncoding none stores text as it is", async (t) => {
  const queue = await createQueue(storage());
  const host = await startQueueHost(
    t,
    writing(queue.name, () => "<plain> & simple"),
    { messageEncoding: "none" },
  );
  await post(host);
  const { peekedMessageItems } = await queue.client.peekMessages();
  assert.equal(peekedMessageItems[0]?.messageText, "<plain> & simple");
});

test("a function that throws leaves nothing in the queue", async (t) => {
  const queue = await createQueue(storage());
  const host = await startQueueHost(t, ({ app, output }) => {
    const out = output.storageQueue({ queueName: queue.name, connection: "" });
    const handler = (_request: unknown, context: InvocationContext) => {
      context.extraOutputs.set(out, "never");
      throw new Error("no");
    };
    app.http("write", { methods: ["POST"], extraOutputs: [out], handler });
  });
  assert.equal((await post(host)).status, 500);
  assert.equal(await queue.count(), 0);
});

test("an output that cannot be written fails the request: 500, no body, no cookie, and a line in the log", async (t) => {
  const silent = await startRawServer({ "/x/queue/messages": bytesThenSilence("") });
  t.after(() => silent.stop());
  const account = "DefaultEndpointsProtocol=http;AccountName=x;AccountKey=eA==;QueueEndpoint=";
  setSetting(t, "Refusing", `${account}http://127.0.0.1:1/x`);
  setSetting(t, "Silent", `${account}${silent.url}/x`);
  const cases: [string, string, unknown][] = [
    ["queue", "Refusing", "x"],
    ["queue", "Silent", "x"],
    ["queue", "Missing", "x"],
    ["too-large", "AzureWebJobsStorage", "x".repeat(64 * 1024)],
    ["not-json", "AzureWebJobsStorage", "{secret}"],
  ];
  for (const [queueName, connection, value] of cases) {
    const host = await startQueueHost(
      t,
      writing(queueName, () => value, connection),
    );
    const response = await post(host);
    assert.deepEqual([response.status, await response.text()], [500, ""], connection);
    assert.equal(response.headers.get("set-cookie"), null);
    const log = host.lines.join("\n");
    assert.match(log, /error Function\.write: failed, answered 500/);
    assert.doesNotMatch(log, /secret|eA==/);
  }
});

test("with streams an output that cannot be written costs an answer that has begun its end", async (t) => {
  const host = await startQueueHost(t, streaming(writing("not-json", () => "{secret}")));
  const response = await post(host);
  assert.equal(response.status, 202);
  await assert.rejects(response.text());
  assert.match(host.lines.join("\n"), /error Function\.write: failed, answered 500/);
});

test("without its connection a function runs as long as it sets no output", async (t) => {
  const host = await startQueueHost(
    t,
    writing("queue", () => undefined, "Missing"),
  );
  assert.equal((await post(host)).status, 202);
});

test("what a queue output cannot be is refused, naming function and reason", async (t) => {
  setSetting(t, "Identity__queueServiceUri", "https://x.queue.core.windows.net");
  setSetting(t, "Nonsense", "not a connection string");
  const refused: [string, string, RegExp][] = [
    ["UPPER--case", "", /"UPPER--case" must be 3 to 63/],
    ["ab", "", /"ab" must be 3 to 63/],
    ["to-{customer}", "", /"to-\{customer\}" is not supported.*expression/],
    ["%setting%", "", /expression/],
    ["queue", "%setting%", /the connection "%setting%" is not supported/],
    ["queue", "Identity", /Identity__queueServiceUri: identity-based connections are not supported/],
    ["queue", "Nonsense", /Nonsense: is not the connection string/],
  ];
  for (const [queueName, connection, reason] of refused) {
    const start = startQueueHost(
      t,
      writing(queueName, () => "", connection),
    );
    await assert.rejects(
      start,
      ({ message }: Error) => message.startsWith('function "write": ') && reason.test(message),
    );
  }
});
