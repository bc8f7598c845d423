import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { test, type TestContext } from "node:test";
import { startAppInstance, type AppInstance } from "../src/instance.ts";
import { judgeTrouble } from "../src/queues/trouble.ts";
import { eventually } from "@entra-functions-bff/stand-in-kit/eventually";
import { makeAppFolder } from "./fixtures/harness.ts";

/** A Queue service that answers every request with this status; with none it stays silent. */
async function startService(
  t: TestContext,
  status: number | undefined,
): Promise<{ port: number; requests: () => number }> {
  let requests = 0;
  const server: Server = createServer((_request, response) => {
    requests += 1;
    if (status !== undefined) response.writeHead(status, { "x-ms-error-code": "Test" }).end();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, requests: () => requests };
}

/** An instance whose only queue is at that port, and that ends a second after it should, not ten or more. */
async function startReader(t: TestContext, port: number): Promise<AppInstance> {
  const key = Buffer.from("key").toString("base64");
  const connection = `DefaultEndpointsProtocol=http;AccountName=a;AccountKey=${key};QueueEndpoint=http://127.0.0.1:${port}/a`;
  const environment = {
    PATH: process.env["PATH"],
    AzureWebJobsStorage: connection,
    FIXTURE_QUEUE: "orders",
    FunctionsHost__QueueDeniedMs: "50",
    FunctionsHost__QueueRefusedMs: "50",
  };
  const appFolder = await makeAppFolder(t, { entry: "queue-app.ts" });
  const instance = await startAppInstance({ appFolder, port: 0, environment });
  t.after(() => instance.stop());
  return instance;
}

test("a queue that denies or refuses ends the host, HTTP functions and all", async (t) => {
  const ports = { "401": (await startService(t, 401)).port, "403": (await startService(t, 403)).port, refused: 1 };
  await Promise.all(
    Object.entries(ports).map(async ([what, port]) => {
      const instance = await startReader(t, port);
      assert.equal(await instance.exited, 3, what);
      assert.match(instance.lines.join("\n"), /^the host ends, as in Azure: the queue "orders" cannot be read/m);
    }),
  );
});

test("a queue that fails, is missing or stays silent ends nothing", async (t) => {
  for (const status of [503, 404, undefined]) {
    const service = await startService(t, status);
    const instance = await startReader(t, service.port);
    await eventually("it has been asked", () => service.requests() > 0);
    assert.equal(await Promise.race([instance.exited, Promise.resolve("running")]), "running", String(status));
    await instance.stop();
  }
  for (const error of [{ statusCode: 503 }, { statusCode: 404 }, { name: "AbortError" }, new Error("x")]) {
    assert.equal(judgeTrouble(error, {}), "survived");
  }
});

test("the times are those of the real host unless a setting says otherwise", () => {
  assert.deepEqual(judgeTrouble({ statusCode: 403 }, {}), { endsAfterMs: 10_000 });
  assert.deepEqual(judgeTrouble({ code: "REQUEST_SEND_ERROR" }, {}), { endsAfterMs: 37_000 });
  assert.deepEqual(judgeTrouble({ statusCode: 401 }, { FunctionsHost__QueueDeniedMs: "5" }), { endsAfterMs: 5 });
});
