import assert from "node:assert/strict";
import type { TokenCredential } from "@azure/identity";
import { runAppRegistration } from "../../tools/app-registration/command.ts";
import type { Report } from "../../tools/app-registration/report.ts";
import { startGraph, type Graph } from "@entra-functions-bff/development/graph";

export const tenantId = "72f988bf-0000-4000-8000-2d7cd011db47";
export const baseUrl = "https://app.example";
export const toCreate = ["--base-url", baseUrl, "--name", "Contoso portal"];

export interface Run {
  readonly exitCode: number;
  readonly output: string;
  readonly errors: string;
  /** What was waited for between requests, in milliseconds; no time passes in tests. */
  readonly waits: readonly number[];
  /** Scopes that tokens were asked for. */
  readonly tokenScopes: readonly string[];
  /** What was sent to Graph. */
  readonly requests: Graph["requests"];
  readonly writes: readonly { readonly path: string; readonly body: Readonly<Record<string, unknown>> }[];
  report(): Report;
  failure(): { readonly code: string; readonly message: string; readonly done: readonly string[] };
}

export interface RunOptions {
  readonly credential?: TokenCredential;
  readonly requestTimeoutMs?: number;
  readonly graphUrl?: string;
  /** Called with each wait. */
  readonly onWait?: (ms: number) => void;
}

export interface Directory extends AsyncDisposable {
  readonly graph: Graph;
  /** Runs the command against the Graph stand-in. */
  run(args: readonly string[], options?: RunOptions): Promise<Run>;
  /** The same, and fails unless it says "done". */
  succeed(args: readonly string[]): Promise<Run>;
}

export async function startDirectory(): Promise<Directory> {
  const graph = await startGraph({ port: 0, tenantId });
  const run = async (args: readonly string[], options: RunOptions = {}) => runCommand(graph, args, options);
  return {
    graph,
    run,
    async succeed(args) {
      const result = await run(args);
      if (result.exitCode !== 0) throw new Error(result.output + result.errors);
      return result;
    },
    [Symbol.asyncDispose]: async () => graph.stop(),
  };
}

async function runCommand(graph: Graph, args: readonly string[], options: RunOptions): Promise<Run> {
  graph.controls.clearRequests();
  const printed = { output: "", errors: "" };
  const waits: number[] = [];
  const tokenScopes: string[] = [];
  const exitCode = await runAppRegistration([...args, "--graph-url", options.graphUrl ?? graph.url], {
    environment: {},
    signIn: async () => options.credential ?? signedIn(tokenScopes),
    print: (text) => void (printed.output += text),
    printError: (text) => void (printed.errors += text),
    timing: {
      wait: async (ms) => {
        waits.push(ms);
        options.onWait?.(ms);
      },
      requestTimeoutMs: options.requestTimeoutMs ?? 2_000,
    },
  });
  const requests = [...graph.requests];
  return {
    exitCode,
    ...printed,
    waits,
    tokenScopes,
    requests,
    writes: requests
      .filter(({ method }) => method !== "GET")
      .map(({ path, body }) => ({ path, body: body as Readonly<Record<string, unknown>> })),
    report: () => JSON.parse(printed.output) as Report,
    failure: () => (JSON.parse(printed.output) as { error: ReturnType<Run["failure"]> }).error,
  };
}

function signedIn(scopes: string[]): TokenCredential {
  return {
    getToken: async (scope) => {
      scopes.push(...[scope].flat());
      return { token: "operator-token", expiresOnTimestamp: Date.now() + 3_600_000 };
    },
  };
}

/** The only application in the directory. */
export function onlyApplication({ directory }: Graph) {
  const [application, ...others] = directory.applications.values();
  if (application === undefined || others.length > 0) throw new Error(`There are ${directory.applications.size}`);
  return application;
}

/** Runs with `--json` and checks how it fails. Nothing may have been written, unless `done` says what. */
export async function fails(
  world: Directory,
  args: readonly string[],
  code: string,
  message: RegExp,
  done: readonly RegExp[] = [],
) {
  const result = await world.run([...args, "--json"]);
  assertFailure(result, code, message, done);
  return result;
}

export function assertFailure(result: Run, code: string, message: RegExp, done: readonly RegExp[] = []): void {
  const failure = result.failure();
  assert.equal(failure.code, code, failure.message);
  assert.match(failure.message, message);
  assert.equal(result.exitCode, 1);
  assert.equal(failure.done.length, done.length);
  for (const [index, pattern] of done.entries()) assert.match(failure.done[index] ?? "", pattern);
  const written = result.requests.filter(({ method, status = 0 }) => method !== "GET" && status >= 200 && status < 300);
  assert.equal(written.length, done.length);
}
