import { fork, type ChildProcess } from "node:child_process";
import type { Socket } from "node:net";

/** What worker and supervisor tell each other. */
export const messages = { ready: "ready", crashing: "crashing", connection: "connection", stop: "stop on " } as const;

export interface WorkerListener {
  readonly ready: () => void;
  /** @param wasReady false if it never got so far */
  readonly ended: (code: number | null, wasReady: boolean) => void;
}

/** A process that runs the app and gets its connections from its supervisor. */
export class WorkerProcess {
  readonly #child: ChildProcess;
  #isReady = false;
  #isCrashing = false;

  constructor(program: string, args: readonly string[], listener: WorkerListener) {
    this.#child = fork(program, [...args], { stdio: ["ignore", "inherit", "inherit", "ipc"] });
    this.#child.on("message", (message) => {
      // Whoever connects from now on waits for the next one.
      if (message === messages.crashing) this.#isCrashing = true;
      if (message !== messages.ready) return;
      this.#isReady = true;
      listener.ready();
    });
    this.#child.once("exit", (code) => {
      const wasReady = this.#isReady;
      this.#isReady = false;
      listener.ended(code, wasReady);
    });
  }

  get takesConnections(): boolean {
    return this.#isReady && !this.#isCrashing && this.#child.connected;
  }

  take(socket: Socket): void {
    this.#child.send(messages.connection, socket);
  }

  /** It finishes what it does; at a second call it ends at once. */
  stop(signal: NodeJS.Signals): void {
    if (this.#child.connected) this.#child.send(messages.stop + signal);
  }

  kill(): void {
    this.#child.kill("SIGKILL");
  }
}
