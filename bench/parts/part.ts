import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

/** What the main process may call in a part. Arguments and results are sent between processes. */
export type Methods = Readonly<Record<string, (...args: never[]) => unknown>>;

type Remote<M> = {
  readonly [Name in keyof M]: M[Name] extends (...args: infer Args) => infer Result
    ? (...args: Args) => Promise<Awaited<Result>>
    : never;
};

/** A part of the stage in its own process, so that its work does not affect other figures. */
export interface Part<M> {
  readonly pid: number;
  readonly call: Remote<M & typeof common>;
  stop(): Promise<void>;
}

interface Call {
  readonly id: number;
  readonly method: string;
  readonly args: readonly never[];
}

interface Answer {
  readonly id: number;
  readonly result?: unknown;
  readonly error?: string;
}

/** What every part can be asked. */
const common = {
  /** CPU time of all its threads, in milliseconds. */
  cpuMs() {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1000;
  },
};

/** In the part's process: answers calls of these methods until the main process disconnects. */
export function serve(methods: Methods): void {
  const all: Methods = { ...methods, ...common };
  process.on("message", (message) => void answer(all, message as Call));
  process.on("disconnect", () => process.exit(0));
  process.send?.({ id: 0 } satisfies Answer);
}

async function answer(methods: Methods, { id, method, args }: Call): Promise<void> {
  try {
    process.send?.({ id, result: await methods[method]?.(...args) } satisfies Answer);
  } catch (error) {
    process.send?.({ id, error: error instanceof Error ? String(error.stack) : String(error) } satisfies Answer);
  }
}

/** @param file relative to the folder of this module */
export async function startPart<M extends Methods>(file: string, args: readonly string[] = []): Promise<Part<M>> {
  const program = fileURLToPath(new URL(file, import.meta.url));
  const child = fork(program, [...args], { execArgv: ["--disable-warning=ExperimentalWarning"] });
  const waiting = new Map<number, PromiseWithResolvers<unknown>>();
  const ready = Promise.withResolvers<unknown>();
  waiting.set(0, ready);
  child.on("message", (message) => settle(waiting, message as Answer));
  child.on("exit", (code) => rejectAll(waiting, new Error(`${file} ended with ${code}`)));
  await ready.promise;
  return { pid: child.pid ?? NaN, call: remote<M & typeof common>(child, waiting), stop: () => end(child) };
}

function settle(waiting: Map<number, PromiseWithResolvers<unknown>>, { id, result, error }: Answer): void {
  const call = waiting.get(id);
  waiting.delete(id);
  if (error === undefined) call?.resolve(result);
  else call?.reject(new Error(error));
}

function rejectAll(waiting: Map<number, PromiseWithResolvers<unknown>>, error: Error): void {
  for (const call of waiting.values()) call.reject(error);
  waiting.clear();
}

function remote<M extends Methods>(
  child: ChildProcess,
  waiting: Map<number, PromiseWithResolvers<unknown>>,
): Remote<M> {
  let last = 0;
  return new Proxy({} as Remote<M>, {
    get:
      (_, method) =>
      async (...args: never[]) => {
        const id = ++last;
        const call = Promise.withResolvers<unknown>();
        waiting.set(id, call);
        child.send({ id, method: String(method), args } satisfies Call);
        return call.promise;
      },
  });
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const exited = once(child, "exit");
  child.disconnect();
  await exited;
}
