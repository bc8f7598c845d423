import assert from "node:assert/strict";
import { createServer } from "node:net";
import { test, type TestContext } from "node:test";
import { startFunctionsHost } from "../src/host.ts";
import { makeAppFolder, startHost, type AppFolderOptions, type Library } from "./fixtures/harness.ts";

const handler = () => ({ body: "ok" });
const plain = ({ app }: Library) => {
  app.http("plain", { handler });
};

function startWithHostJson(t: TestContext, hostJson: unknown): Promise<unknown> {
  return startHost(t, plain, { hostJson });
}

test("every kind of trigger but http, queue and timer is refused, naming function and kind", async (t) => {
  const refused: [(library: Library) => void, RegExp][] = [
    [({ app }) => app.storageBlob("upload", { path: "c/{name}", connection: "", handler }), /"upload".*"blobTrigger"/],
    [
      ({ app }) => app.serviceBusQueue("bus", { queueName: "q", connection: "", handler }),
      /"bus".*"serviceBusTrigger"/,
    ],
    [({ app }) => app.warmup("warm", { handler }), /"warm".*"warmupTrigger"/],
  ];
  for (const [register, message] of refused) {
    await assert.rejects(
      startHost(t, (library) => {
        plain(library);
        register(library);
      }),
      message,
    );
  }
});

test("bindings that this host does not have are refused, naming them", async (t) => {
  await assert.rejects(
    startHost(t, ({ app, output }) => {
      const blob = output.storageBlob({ path: "a/b", connection: "" });
      app.http("x", { extraOutputs: [blob], handler });
    }),
    /function "x": the output binding "blob" is not supported/,
  );
  await assert.rejects(
    startHost(t, ({ app, input }) => {
      const blob = input.storageBlob({ path: "a/b", connection: "" });
      app.http("x", { extraInputs: [blob], handler });
    }),
    /function "x": the binding "blob" is not supported/,
  );
  await assert.rejects(
    startHost(t, ({ app, output, trigger }) => {
      const queue = output.storageQueue({ queueName: "queue", connection: "" });
      app.generic("x", { trigger: trigger.http({}), return: queue, handler });
    }),
    /function "x": the output binding "queue" is not supported/,
  );
});

test("retry is refused", async (t) => {
  await assert.rejects(
    startHost(t, ({ app, trigger, output }) => {
      const retry = { strategy: "fixedDelay" as const, maxRetryCount: 1, delayInterval: 1 };
      app.generic("x", { trigger: trigger.http({}), return: output.http({}), retry, handler });
    }),
    /function "x": retry is not supported/,
  );
});

test("the same name or the same route with the same method twice is refused; with other methods it is not", async (t) => {
  const twice = (first: string, second: string) =>
    startHost(t, ({ app }) => {
      app.http(first, { route: "a", handler });
      app.http(second, { route: "b", handler });
    });
  await assert.rejects(twice("x", "x"), /"x" is already registered/);
  await assert.rejects(twice("x", "X"), /function "X": "x" has the same name/);
  await assert.rejects(
    startHost(t, ({ app }) => {
      app.http("x", { route: "Items/{id}", handler });
      app.http("y", { route: "items/{id}/", methods: ["POST"], handler });
    }),
    /function "y": the route "items\/\{id\}\/" is already taken by the function "x"/,
  );
  await startHost(t, ({ app }) => {
    app.http("x", { route: "items", methods: ["GET"], handler });
    app.http("y", { route: "items", methods: ["POST"], handler });
  });
});

test("reserved, malformed and unsupported routes are refused, naming the function", async (t) => {
  const routes: [string, RegExp][] = [
    ["admin", /reserved/],
    ["/Administrators/{id}", /reserved/],
    ["runtime/x", /reserved/],
    ["a//b", /empty segment/],
    ["a/{b", /not supported/],
    ["{a}-{b}", /not supported/],
    ["{*a}/b", /catch-all must come last/],
    ["{*a?}", /cannot be optional/],
    ["{a}/{A}", /repeats a parameter name/],
    ["{a=1}", /default values/],
    ["{a:regex(^x$)}", /regex.*not supported/],
    ["{a:length(x)}", /not supported/],
    ["{a:even}", /not supported/],
    ["a?", /malformed/],
  ];
  for (const [route, message] of routes) {
    const start = startHost(t, ({ app }) => {
      app.http("x", { route, handler });
    });
    await assert.rejects(
      start,
      (error: Error) => error.message.startsWith('function "x": ') && message.test(error.message),
      route,
    );
  }
});

test("names that the host does not take, no methods and unknown levels are refused", async (t) => {
  const start = (name: string, options: object) =>
    startHost(t, ({ app }) => {
      app.http(name, { handler, ...options });
    });
  for (const name of ["1a", "a b", "host", "x".repeat(129)]) await assert.rejects(start(name, {}), /no valid name/);
  await assert.rejects(start("x", { methods: [] }), /methods/);
  await assert.rejects(start("x", { authLevel: "system" }), /authLevel/);
});

test("an app that registers nothing, or fails while loading, does not start", async (t) => {
  await assert.rejects(
    startHost(t, () => undefined),
    /dist\/index\.cjs: registers no functions/,
  );
  await assert.rejects(
    startHost(t, () => {
      throw new Error("missing setting Abc");
    }),
    /dist\/index\.cjs: could not be loaded: Error: missing setting Abc/,
  );
});

test("host.json sections that would change behaviour are refused, those that do not are taken", async (t) => {
  const refused: [unknown, RegExp][] = [
    [{}, /"version" must be "2\.0"/],
    [{ version: "3.0" }, /"version"/],
    [[], /JSON object/],
    [{ version: "2.0", http: {} }, /"http" is not supported/],
    [{ version: "2.0", retry: {} }, /"retry" is not supported/],
    [{ version: "2.0", extensions: { blobs: {} } }, /"extensions\.blobs" is not supported/],
    [{ version: "2.0", extensions: { http: { customHeaders: {} } } }, /"extensions\.http\.customHeaders" is not/],
    [{ version: "2.0", extensions: { http: { maxConcurrentRequests: 1 } } }, /maxConcurrentRequests/],
    [{ version: "2.0", extensions: { http: { routePrefix: "/api" } } }, /routePrefix/],
    [{ version: "2.0", functionTimeout: "5m" }, /functionTimeout/],
    [{ version: "2.0", functionTimeout: "00:00:00" }, /functionTimeout/],
    [{ version: "2.0", logging: { logLevel: { default: "Loud" } } }, /logging\.logLevel\.default/],
  ];
  for (const [hostJson, message] of refused) await assert.rejects(startWithHostJson(t, hostJson), message);
  const logging = { applicationInsights: { samplingSettings: {} }, logLevel: { default: "Warning" } };
  const accepted = { version: "2.0", logging, telemetryMode: "OpenTelemetry", functionTimeout: "-1" };
  await startWithHostJson(t, accepted);
});

test("what is missing from the folder is named", async (t) => {
  const start = (options: AppFolderOptions) => startHost(t, plain, options);
  await assert.rejects(startFunctionsHost({ appFolder: "/nowhere", port: 0 }), /host\.json: not found in \/nowhere/);
  await assert.rejects(start({ files: { "host.json": "{" } }), /host\.json: not valid JSON/);
  await assert.rejects(start({ files: { "package.json": "" } }), /package\.json: not valid JSON/);
  await assert.rejects(start({ packageJson: {} }), /"main" must name/);
  await assert.rejects(start({ packageJson: { main: "dist/*.mjs" } }), /"main" matches no file: dist\/\*\.mjs/);
});

test("main may be a glob; an ES module is refused", async (t) => {
  await startHost(t, plain, { packageJson: { type: "module", main: "dist/*.cjs" } });
  const files = { "entry.js": "export {}" };
  const start = startHost(t, plain, { packageJson: { type: "module", main: "entry.js" }, files });
  await assert.rejects(start, /entry\.js: only CommonJS/);
});

test("local.settings.json gives values that the environment does not have", async (t) => {
  process.env["FromBoth"] = "environment";
  t.after(() => {
    delete process.env["FromBoth"];
    delete process.env["FromFile"];
  });
  const settings = { IsEncrypted: false, Values: { FromBoth: "file", FromFile: "secret" }, Host: { LocalHttpPort: 1 } };
  const files = { "local.settings.json": JSON.stringify(settings) };
  const host = await startHost(t, plain, { files });
  assert.equal(process.env["FromBoth"], "environment");
  assert.equal(process.env["FromFile"], "secret");
  assert.match(host.lines.join("\n"), /local\.settings\.json: FromFile/);
  assert.doesNotMatch(host.lines.join("\n"), /secret/);
});

test("settings that this host would silently ignore are refused", async (t) => {
  const start = (settings: unknown) =>
    startHost(t, plain, { files: { "local.settings.json": JSON.stringify(settings) } });
  await assert.rejects(start({ IsEncrypted: true }), /encrypted/);
  await assert.rejects(start({ ConnectionStrings: {} }), /ConnectionStrings/);
  await assert.rejects(start({ Host: { CORS: "*" } }), /Host\.CORS/);
  await assert.rejects(start({ Values: { A: 1 } }), /"Values\.A" must be text/);
  for (const name of ["AzureFunctionsJobHost__functionTimeout", "FUNCTIONS_WORKER_RUNTIME"]) {
    process.env[name] = "python";
    await assert.rejects(startHost(t, plain), new RegExp(name)).finally(() => delete process.env[name]);
  }
});

test("a port that is taken is named", async (t) => {
  const other = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => other.once("listening", resolve));
  t.after(() => other.close());
  const address = other.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const appFolder = await makeAppFolder(t);
  globalThis.registerFunctionsOfTest = plain;
  await assert.rejects(startFunctionsHost({ appFolder, port }), new RegExp(`port ${port} is already in use`));
});
