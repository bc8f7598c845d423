import type { ClientRequest, ServerResponse } from "node:http";

/** Why a request could not be forwarded, or its answer not be passed on. */
export class ForwardingError extends Error {
  override readonly name = "ForwardingError";
  /** The browser has disconnected: this is nobody's fault, and nobody waits for an answer. */
  readonly isCancelled: boolean;

  constructor(message: string, isCancelled = false) {
    super(message);
    this.isCancelled = isCancelled;
  }
}

/** Ends an exchange in which neither side sends anything any more. */
export class ExchangeActivity {
  readonly #controller = new AbortController();
  readonly #timer: NodeJS.Timeout;

  /** @param idleMs how long the silence may last */
  constructor(idleMs: number) {
    const message = `nothing was sent for ${idleMs / 1000} s`;
    this.#timer = setTimeout(() => this.cancel(new ForwardingError(message)), idleMs);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Why it was cancelled, if it was. */
  get reason(): ForwardingError | undefined {
    const reason: unknown = this.signal.reason;
    return reason instanceof ForwardingError ? reason : undefined;
  }

  /** One side has sent something. */
  touch(): void {
    this.#timer.refresh();
  }

  cancel(reason: ForwardingError): void {
    this.#controller.abort(reason);
  }

  /** The exchange is over. */
  end(): void {
    clearTimeout(this.#timer);
  }

  /**
   * Writes a part of a body, and waits while the receiver does not keep up.
   * @throws {ForwardingError} when the receiver has disconnected
   */
  async write(stream: ClientRequest | ServerResponse, chunk: Buffer): Promise<void> {
    this.touch();
    if (!stream.write(chunk)) await this.#drained(stream);
    if (stream.destroyed) throw new ForwardingError("the receiver has gone");
    this.touch();
  }

  // Also checks the socket, because a request whose answer is already complete gets no more drain events.
  #drained(stream: ClientRequest | ServerResponse): Promise<void> {
    if (stream.destroyed || this.signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const { socket } = stream;
      const settle = () => {
        stream.off("drain", settle).off("close", settle);
        socket?.off("drain", settle);
        this.signal.removeEventListener("abort", settle);
        resolve();
      };
      stream.on("drain", settle).on("close", settle);
      socket?.on("drain", settle);
      this.signal.addEventListener("abort", settle);
    });
  }
}
