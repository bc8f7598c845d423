import { fork, type ChildProcess } from "node:child_process";
import { createServer, type Server, type Socket } from "node:net";
import { exitCodes } from "./exit-codes.ts";
import { listenOn, type LoopbackListener } from "./listen.ts";

export interface SupervisorOptions {
  readonly program: string;
  /** For the worker; the port is the supervisor's. */
  readonly args: readonly string[];
  /** 0 picks a free one. */
  readonly port: number;
  readonly say: (line: string) => void;
}

/** The host around a worker that may crash. */
export interface Supervisor {
  /** Resolves when the first worker is there and connections are accepted. Rejects when the port cannot be had. */
  readonly listening: Promise<string>;
  /** Resolves when everything has ended, with the exit code. */
  readonly ended: Promise<number>;
  /** The worker finishes what it does; at a second call everything ends at once. */
  stop(signal: NodeJS.Signals): void;
}

/** What worker and supervisor tell each other. */
export const messages = { ready: "ready", crashing: "crashing", connection: "connection", stop: "stop on " } as const;

/** As in Azure: the third crash within half an hour ends the host. */
const crashesAllowed = 2;
const crashesCountForMs = 30 * 60_000;

/**
 * Runs the app in a process of its own, and starts another one when that ends by itself. Connections are accepted here and
 * handed on, so that whoever connects in between waits.
 */
export function supervise(options: SupervisorOptions): Supervisor {
  return new Supervision(options);
}

class Supervision implements Supervisor {
  readonly #options: SupervisorOptions;
  readonly #waiting: Socket[] = [];
  readonly #ended = Promise.withResolvers<number>();
  readonly #listening = Promise.withResolvers<string>();
  #crashes: number[] = [];
  #worker: ChildProcess;
  #isReady = false;
  #isCrashing = false;
  #isStopping = false;
  #listener: LoopbackListener | undefined;

  constructor(options: SupervisorOptions) {
    this.#options = options;
    this.#worker = this.#startWorker();
  }

  get listening(): Promise<string> {
    return this.#listening.promise;
  }

  get ended(): Promise<number> {
    return this.#ended.promise;
  }

  stop(signal: NodeJS.Signals): void {
    this.#isStopping = true;
    this.#listener?.stopAccepting();
    for (const socket of this.#waiting.splice(0)) socket.destroy();
    if (this.#worker.connected) this.#worker.send(messages.stop + signal);
  }

  #startWorker(): ChildProcess {
    const { program, args } = this.#options;
    this.#isReady = false;
    this.#isCrashing = false;
    const worker = fork(program, [...args], { stdio: ["ignore", "inherit", "inherit", "ipc"] });
    worker.on("message", (message) => {
      if (message === messages.ready) void this.#onReady();
      // Whoever connects from now on waits for the next one.
      if (message === messages.crashing) this.#isCrashing = true;
    });
    worker.once("exit", (code) => this.#onExit(code));
    return worker;
  }

  async #onReady(): Promise<void> {
    this.#isReady = true;
    try {
      if (this.#listener === undefined) {
        this.#listener = await listenOn(this.#options.port, () => this.#createServer());
        this.#listening.resolve(`http://localhost:${this.#listener.port}`);
      }
    } catch (error) {
      this.#listening.reject(error);
      this.#worker.kill("SIGKILL");
    }
    for (const socket of this.#waiting.splice(0)) this.#handOn(socket);
  }

  #createServer(): Server {
    return createServer({ pauseOnConnect: true }, (socket) => this.#handOn(socket));
  }

  #handOn(socket: Socket): void {
    socket.on("error", () => socket.destroy());
    if (this.#isReady && !this.#isCrashing && this.#worker.connected) this.#worker.send(messages.connection, socket);
    else this.#waiting.push(socket);
  }

  #onExit(code: number | null): void {
    const wasReady = this.#isReady;
    this.#isReady = false;
    if (this.#isStopping || !wasReady || code === exitCodes.hostEnded) this.#end(code ?? exitCodes.failed);
    else if (this.#isCrashTooMany()) {
      this.#options.say("the worker has crashed three times in half an hour: the host ends");
      this.#end(exitCodes.failed);
    } else {
      this.#options.say(`the worker ended (${code ?? "killed"}): starting another`);
      this.#worker = this.#startWorker();
    }
  }

  #isCrashTooMany(): boolean {
    const now = performance.now();
    this.#crashes = [...this.#crashes.filter((crash) => now - crash < crashesCountForMs), now];
    return this.#crashes.length > crashesAllowed;
  }

  #end(code: number): void {
    this.#listener?.stopAccepting();
    for (const socket of this.#waiting.splice(0)) socket.destroy();
    this.#ended.resolve(code);
  }
}
