import assert from "node:assert/strict";
import { test } from "node:test";
import { startHost } from "./fixtures/harness.ts";

test("hooks run in their order around start, every invocation and stop, and share their data", async (t) => {
  const events: string[] = [];
  const host = await startHost(t, ({ app }) => {
    app.hook.appStart(({ hookData }) => {
      hookData["started"] = true;
      events.push("start");
    });
    app.hook.preInvocation(({ hookData, invocationContext }) => {
      hookData["n"] = 1;
      events.push(`before ${invocationContext.functionName}`);
    });
    app.hook.preInvocation(({ hookData }) => void events.push(`before again ${JSON.stringify(hookData)}`));
    app.hook.postInvocation(({ hookData, result }) => void events.push(`after ${JSON.stringify([hookData, result])}`));
    app.hook.appTerminate(({ hookData }) => void events.push(`end ${JSON.stringify(hookData)}`));
    app.get("x", () => {
      events.push("call");
      return { body: "ok" };
    });
  });
  await fetch(`${host.url}/x`);
  await host.stop();
  await host.stop();
  assert.deepEqual(events, [
    "start",
    "before x",
    'before again {"n":1}',
    "call",
    'after [{"n":1},{"body":"ok"}]',
    'end {"started":true}',
  ]);
});

test("hooks may replace inputs, handler, result and error", async (t) => {
  const host = await startHost(t, ({ app }) => {
    app.hook.preInvocation((context) => {
      if (context.invocationContext.functionName === "replaced") context.functionHandler = () => ({ body: "other" });
    });
    app.hook.postInvocation((context) => {
      if (context.invocationContext.functionName === "failing") {
        context.error = null;
        context.result = { status: 418 };
      }
    });
    app.get("replaced", () => ({ body: "own" }));
    app.get("failing", () => Promise.reject(new Error("caught by a hook")));
  });
  assert.equal(await (await fetch(`${host.url}/replaced`)).text(), "other");
  assert.equal((await fetch(`${host.url}/failing`)).status, 418);
});

test("a hook that throws before or after an invocation makes it 500; hook data cannot be replaced", async (t) => {
  for (const hook of ["preInvocation", "postInvocation"] as const) {
    const host = await startHost(t, ({ app }) => {
      app.hook[hook]((context) => {
        Reflect.set(context, "hookData", {});
      });
      app.get("x", () => ({ body: "ok" }));
    });
    assert.equal((await fetch(`${host.url}/x`)).status, 500);
  }
});

test("a hook that was disposed of is not called", async (t) => {
  let calls = 0;
  const host = await startHost(t, ({ app }) => {
    app.hook.preInvocation(() => void (calls += 1)).dispose();
    app.get("x", () => ({ body: "ok" }));
  });
  await fetch(`${host.url}/x`);
  assert.equal(calls, 0);
});

test("log hooks see and change what the app writes", async (t) => {
  const host = await startHost(t, ({ app }) => {
    app.hook.log((context) => {
      context.message = context.message.replace("secret", "***");
      if (context.message.startsWith("important")) context.level = "error";
    });
    app.get("x", (_request, context) => {
      context.log("a secret");
      context.log("important");
      return {};
    });
  });
  await fetch(`${host.url}/x`);
  assert.match(host.lines[0] ?? "", /info {2}Function\.x\.User: a \*\*\*/);
  assert.match(host.lines[1] ?? "", /error Function\.x\.User: important/);
});

test("a start hook that throws stops the start; nothing can be registered after it", async (t) => {
  await assert.rejects(
    startHost(t, ({ app }) => {
      app.hook.appStart(() => {
        throw new Error("no database");
      });
      app.get("x", () => ({ body: "ok" }));
    }),
    /an app start hook failed: Error: no database/,
  );
  const host = await startHost(t, ({ app }) => {
    app.get("x", () => {
      app.get("late", () => ({}));
      return {};
    });
  });
  assert.equal((await fetch(`${host.url}/x`)).status, 500);
  assert.ok(host.lines.some((line) => line.includes("only while the app starts")));
});
