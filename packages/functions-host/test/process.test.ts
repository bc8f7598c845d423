import assert from "node:assert/strict";
import { once } from "node:events";
import { spawn, type ChildProcess } from "node:child_process";
import { cp, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { setTimeout } from "node:timers/promises";
import { createRunningCount } from "../src/triggers/running-count.ts";
import { eventually } from "@entra-functions-bff/stand-in-kit/eventually";
import { bodyOf, getRaw, makeAppFolder, statusOf } from "./fixtures/harness.ts";

const main = join(import.meta.dirname, "../src/main.ts");

/** The command line in a process of its own. */
interface Running {
  readonly child: ChildProcess;
  readonly output: () => string;
  readonly exit: Promise<number | string>;
  /** Resolves when the output has something that matches, with its first group. */
  until(pattern: RegExp): Promise<string>;
}

function run(t: TestContext, args: readonly string[], env: NodeJS.ProcessEnv = {}): Running {
  const child = spawn(process.execPath, [main, ...args], { env: { ...process.env, ...env } });
  t.after(() => child.kill("SIGKILL"));
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (output += chunk.toString()));
  const exit = new Promise<number | string>((resolve) => {
    child.on("close", (code, signal) => {
      resolve(code ?? signal ?? "");
    });
  });
  return {
    child,
    output: () => output,
    exit,
    async until(pattern) {
      for (;;) {
        const match = pattern.exec(output);
        if (match !== null) return match[1] ?? "";
        assert.equal(child.exitCode, null, output);
        await setTimeout(5);
      }
    },
  };
}

async function startApp(t: TestContext, ...args: readonly string[]): Promise<Running & { url: string }> {
  const app = await makeAppFolder(t, { entry: "process-app.ts" });
  const running = run(t, ["--app", app, "--port", "0", ...args]);
  return { ...running, url: await running.until(/^listening (\S+)$/m) };
}

test("a folder with only host.json, package.json and the bundle runs, from any working directory", async (t) => {
  const source = await makeAppFolder(t, { entry: "process-app.ts" });
  const copy = join(source, "../../../test/", `functions-host-copy-${process.pid}`);
  await cp(source, copy, { recursive: true });
  t.after(() => rm(copy, { recursive: true }));
  assert.deepEqual((await readdir(copy)).sort(), ["dist", "host.json", "package.json"]);
  const running = run(t, ["--app", copy, "--port", "0"]);
  const url = await running.until(/^listening (http:\/\/localhost:\d+)$/m);
  assert.equal(await (await fetch(`${url}/ok`)).text(), "ok");
  assert.match(running.output(), /^function slow: GET,POST slow\/\{ms:int\} \(anonymous\)$/m);
});

test("SIGTERM lets the running request finish, runs the terminate hooks and exits with 0", async (t) => {
  const app = await startApp(t);
  const slow = fetch(`${app.url}/slow/300`);
  await app.until(/slow 300 began/);
  app.child.kill("SIGTERM");
  await app.until(/stopping on SIGTERM/);
  await assert.rejects(fetch(`${app.url}/ok`), "new connections are refused");
  const response = await slow;
  assert.equal(await response.text(), "finished");
  assert.equal(response.headers.get("connection"), "close");
  assert.equal(await app.exit, 0);
  assert.match(app.output(), /terminate hook ran/);
});

test("a stop waits for what runs, but no longer than its grace", async () => {
  const running = createRunningCount();
  let finished = false;
  const work = async () => {
    await setTimeout(30);
    finished = true;
  };
  running.during(work());
  running.stop();
  await running.idle(5);
  assert.deepEqual([running.stopping, finished], [true, false]);
  await running.idle(1000);
  assert.equal(finished, true);
});

test("a second signal ends it at once", async (t) => {
  const app = await startApp(t);
  const slow = fetch(`${app.url}/slow/60000`).catch(() => "cut off");
  await app.until(/slow 60000 began/);
  app.child.kill("SIGINT");
  await app.until(/stopping on SIGINT/);
  app.child.kill("SIGTERM");
  assert.equal(await app.exit, 1);
  assert.equal(await slow, "cut off");
});

test("with --end-on-crash, an unhandled rejection or a throw outside a function ends the process with 1 and a line that says so", async (t) => {
  const crashes = { SIGHUP: "nobody awaits this", SIGUSR2: "nobody catches this" };
  await Promise.all(
    Object.entries(crashes).map(async ([signal, message]) => {
      const app = await startApp(t, "--end-on-crash");
      process.kill(Number(await (await fetch(`${app.url}/worker`)).text()), signal);
      assert.equal(await app.exit, 1);
      assert.match(app.output(), new RegExp(`^worker crashed on an uncaught exception: Error: ${message}`, "m"));
    }),
  );
});

test("an exception that nobody catches fails the others' requests with 500, and the next one is answered by a new worker", async (t) => {
  const app = await startApp(t);
  const port = Number(new URL(app.url).port);
  // On a connection of its own: one that is kept open ends with the worker.
  const worker = async () => bodyOf(await getRaw(port, "/worker"));
  const first = await worker();
  const others = [fetch(`${app.url}/slow/60000`), fetch(`${app.url}/slow/60001`)];
  await app.until(/slow 60000 began/);
  await app.until(/slow 60001 began/);
  process.kill(Number(first), "SIGUSR2");
  for (const response of await Promise.all(others)) {
    assert.deepEqual([response.status, await response.text()], [500, ""]);
  }
  assert.notEqual(await worker(), first, "whoever asks in between waits for the next worker");
  assert.match(app.output(), /^the worker ended \(1\): starting another$/m);
});

test("the third crash ends the host", async (t) => {
  const app = await startApp(t);
  for (let crash = 0; crash < 3; crash += 1) {
    const worker = bodyOf(await getRaw(Number(new URL(app.url).port), "/worker"));
    process.kill(Number(worker), "SIGUSR2");
    await app.until(new RegExp(`(?:nobody catches this[^]*){${crash + 1}}`));
  }
  assert.equal(await app.exit, 1);
  assert.match(app.output(), /^crashes within half an hour: 3; the host ends$/m);
});

test("with several worker processes, connections go to them in turn, and a crash of one costs the others nothing", async (t) => {
  const folder = await makeAppFolder(t, { entry: "process-app.ts" });
  const app = run(t, ["--app", folder, "--port", "0"], { FUNCTIONS_WORKER_PROCESS_COUNT: "2" });
  const port = Number(new URL(await app.until(/^listening (\S+)$/m)).port);
  const worker = async () => bodyOf(await getRaw(port, "/worker"));
  const [first, second, third] = [await worker(), await worker(), await worker()];
  assert.notEqual(first, second);
  assert.equal(third, first);
  assert.equal(app.output().match(/^function slow: /gm)?.length, 1, "the app's functions are listed once");
  process.kill(Number(second), "SIGUSR2");
  await app.until(/starting another/);
  assert.equal(await worker(), first, "the second one is not there, so the first one answers");
  app.child.kill("SIGTERM");
  assert.equal(await app.exit, 0);
  assert.equal(app.output().match(/terminate hook ran/g)?.length, 2);
});

test("with --end-on-crash, a crash of one of several workers ends them all", async (t) => {
  const folder = await makeAppFolder(t, { entry: "process-app.ts" });
  const app = run(t, ["--app", folder, "--port", "0", "--end-on-crash"], { FUNCTIONS_WORKER_PROCESS_COUNT: "2" });
  const port = Number(new URL(await app.until(/^listening (\S+)$/m)).port);
  const workers = [bodyOf(await getRaw(port, "/worker")), bodyOf(await getRaw(port, "/worker"))].map(Number);
  process.kill(workers[1] ?? 0, "SIGUSR2");
  assert.equal(await app.exit, 1);
  for (const pid of workers) assert.ok(isGone(pid));
});

test("a host that is killed takes its worker with it", async (t) => {
  const app = await startApp(t);
  const worker = Number(await (await fetch(`${app.url}/worker`)).text());
  app.child.kill("SIGKILL");
  await eventually("the worker is gone", () => isGone(worker));
});

test("an app with HTTP streams starts again after a crash, too, and ends when it is told to", async (t) => {
  const app = await makeAppFolder(t, { entry: "process-app.ts" });
  const running = run(t, ["--app", app, "--port", "0"], { FIXTURE_STREAMING: "true" });
  const port = Number(new URL(await running.until(/^listening (\S+)$/m)).port);
  const worker = async () => bodyOf(await getRaw(port, "/worker"));
  const first = await worker();
  const slow = getRaw(port, "/slow/60000");
  await running.until(/slow 60000 began/);
  process.kill(Number(first), "SIGUSR2");
  assert.equal(statusOf(await slow), 500);
  assert.notEqual(await worker(), first);
  running.child.kill("SIGTERM");
  assert.equal(await running.exit, 0);
});

test("an instance ends with the program that started it, even by SIGKILL", async (t) => {
  const appFolder = await makeAppFolder(t, { entry: "process-app.ts" });
  const options = { appFolder, port: 0, environment: { PATH: process.env["PATH"] } };
  const program = `
    const { startAppInstance } = await import(${JSON.stringify(import.meta.resolve("../src/instance.ts"))});
    const { url } = await startAppInstance(${JSON.stringify(options)});
    console.log("started " + url);`;
  const parent = spawn(process.execPath, ["--input-type=module", "--eval", program], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  t.after(() => parent.kill("SIGKILL"));
  const [chunk] = (await once(parent.stdout, "data")) as [Buffer];
  const url = /started (\S+)/.exec(chunk.toString())?.[1] ?? "";
  const instance = Number(await (await fetch(`${url}/worker`)).text());
  parent.kill("SIGKILL");
  await eventually("the instance is gone", () => isGone(instance));
});

function isGone(pid: number): boolean {
  try {
    return !process.kill(pid, 0);
  } catch {
    return true;
  }
}

test("an app that cannot run here exits with 1 and says why in one line", async (t) => {
  const app = await makeAppFolder(t, { entry: "process-app.ts" });
  const missing = run(t, ["--app", join(app, "none")]);
  assert.equal(await missing.exit, 1);
  assert.match(missing.output(), /^could not start: host\.json: not found in .*none\n$/);
  const many = run(t, ["--app", app], { FUNCTIONS_WORKER_PROCESS_COUNT: "11" });
  assert.equal(await many.exit, 1);
  assert.match(
    many.output(),
    /^could not start: FUNCTIONS_WORKER_PROCESS_COUNT must be a number from 1 to 10, not "11"\n$/,
  );
});

test("wrong arguments exit with 2 and the usage, --help with 0", async (t) => {
  const wrong: [string[], RegExp][] = [
    [[], /^--app is missing/],
    [["--app", ".", "--port", "65536"], /^--port must be a number/],
    [["--app", ".", "--watch"], /--watch/],
  ];
  await Promise.all(
    wrong.map(async ([args, message]) => {
      const running = run(t, args);
      assert.equal(await running.exit, 2, args.join(" "));
      assert.match(running.output(), message);
      assert.match(running.output(), /Usage:/);
    }),
  );
  const help = run(t, ["--help"]);
  assert.equal(await help.exit, 0);
  assert.match(help.output(), /--port/);
});
