import { createServer, type Server, type Socket } from "node:net";
import { exitCodes } from "./exit-codes.ts";
import { listenOn, type LoopbackListener } from "./listen.ts";
import { WorkerProcess } from "./worker-process.ts";

export interface SupervisorOptions {
  readonly program: string;
  /** For a worker; the port is the supervisor's. */
  readonly args: readonly string[];
  /** For each worker but the first: what only one of them does, it leaves out. */
  readonly argsOfOthers: readonly string[];
  readonly workers: number;
  /** The crash after these ends the host. */
  readonly crashesAllowed: number;
  /** 0 picks a free one. */
  readonly port: number;
  readonly say: (line: string) => void;
}

/** The host around workers that may crash. */
export interface Supervisor {
  /** Resolves when the first workers are there and connections are accepted. Rejects when the port cannot be had. */
  readonly listening: Promise<string>;
  /** Resolves when everything has ended, with the exit code. */
  readonly ended: Promise<number>;
  /** The workers finish what they do; at a second call everything ends at once. */
  stop(signal: NodeJS.Signals): void;
}

const crashesCountForMs = 30 * 60_000;

/**
 * Runs the app in processes of its own, and starts another one when one ends by itself. Connections are accepted here and
 * handed on in turn, so that whoever connects while there is no worker waits.
 */
export function supervise(options: SupervisorOptions): Supervisor {
  return new Supervision(options);
}

class Supervision implements Supervisor {
  readonly #options: SupervisorOptions;
  readonly #workers: (WorkerProcess | undefined)[] = [];
  readonly #waiting: Socket[] = [];
  readonly #ended = Promise.withResolvers<number>();
  readonly #listening = Promise.withResolvers<string>();
  #crashes: number[] = [];
  #turn = 0;
  #isStopping = false;
  #exitCode: number = exitCodes.stopped;
  #listener: LoopbackListener | undefined;

  constructor(options: SupervisorOptions) {
    this.#options = options;
    for (let index = 0; index < options.workers; index += 1) this.#startWorker(index);
  }

  get listening(): Promise<string> {
    return this.#listening.promise;
  }

  get ended(): Promise<number> {
    return this.#ended.promise;
  }

  stop(signal: NodeJS.Signals): void {
    this.#stopAccepting();
    for (const worker of this.#workers) worker?.stop(signal);
  }

  #startWorker(index: number): void {
    const { program, args, argsOfOthers } = this.#options;
    this.#workers[index] = new WorkerProcess(program, index === 0 ? args : [...args, ...argsOfOthers], {
      ready: () => void this.#onReady(),
      ended: (code, wasReady) => this.#onEnded(index, code, wasReady),
    });
  }

  async #onReady(): Promise<void> {
    const areAllReady = this.#workers.every((worker) => worker?.takesConnections);
    try {
      if (this.#listener === undefined && areAllReady) {
        this.#listener = await listenOn(this.#options.port, () => this.#createServer());
        this.#listening.resolve(`http://localhost:${this.#listener.port}`);
      }
    } catch (error) {
      this.#listening.reject(error);
      this.#end(exitCodes.failed);
    }
    for (const socket of this.#waiting.splice(0)) this.#handOn(socket);
  }

  #createServer(): Server {
    return createServer({ pauseOnConnect: true }, (socket) => {
      socket.on("error", () => socket.destroy());
      this.#handOn(socket);
    });
  }

  #handOn(socket: Socket): void {
    const count = this.#workers.length;
    for (let tried = 0; tried < count; tried += 1) {
      const worker = this.#workers[this.#turn++ % count];
      if (worker?.takesConnections) return worker.take(socket);
    }
    this.#waiting.push(socket);
  }

  #onEnded(index: number, code: number | null, wasReady: boolean): void {
    this.#workers[index] = undefined;
    if (this.#isStopping) this.#noteEnd(code);
    else if (!wasReady || code === exitCodes.hostEnded) this.#end(code ?? exitCodes.failed);
    else if (this.#isCrashTooMany()) {
      this.#options.say(`crashes within half an hour: ${this.#crashes.length}; the host ends`);
      this.#end(exitCodes.failed);
    } else {
      this.#options.say(`the worker ended (${code ?? "killed"}): starting another`);
      this.#startWorker(index);
    }
  }

  #isCrashTooMany(): boolean {
    const now = performance.now();
    this.#crashes = [...this.#crashes.filter((crash) => now - crash < crashesCountForMs), now];
    return this.#crashes.length > this.#options.crashesAllowed;
  }

  /** Ends the other workers, too. */
  #end(code: number): void {
    this.#stopAccepting();
    for (const worker of this.#workers) worker?.kill();
    this.#noteEnd(code);
  }

  #stopAccepting(): void {
    this.#isStopping = true;
    this.#listener?.stopAccepting();
    for (const socket of this.#waiting.splice(0)) socket.destroy();
  }

  #noteEnd(code: number | null): void {
    if (this.#exitCode === exitCodes.stopped) this.#exitCode = code ?? exitCodes.failed;
    if (this.#workers.every((worker) => worker === undefined)) this.#ended.resolve(this.#exitCode);
  }
}
