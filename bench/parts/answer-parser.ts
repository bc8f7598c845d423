/** What an HTTP/1.1 answer tells as it arrives. */
export interface AnswerListener {
  readonly head: (status: number) => void;
  readonly ended: () => void;
}

const endOfHead = Buffer.from("\r\n\r\n");

/**
 * Reads answers to GET and POST off a connection, one after the other: only status and length. A general client takes
 * several times the CPU, on the CPU that the stand-ins need, too.
 */
export class AnswerParser {
  readonly #listener: AnswerListener;
  /** A part of a head, or of a chunk's size, whose rest has not come. */
  #kept: Buffer = Buffer.alloc(0);
  #state: "head" | "body" | "size" | "chunk" | "trailer" = "head";
  #left = 0;

  constructor(listener: AnswerListener) {
    this.#listener = listener;
  }

  /** @throws on what is no HTTP/1.1 answer */
  push(data: Buffer): void {
    let rest = this.#kept.length === 0 ? data : Buffer.concat([this.#kept, data]);
    this.#kept = Buffer.alloc(0);
    while (rest.length > 0) {
      const taken = this.#take(rest);
      if (taken === 0) {
        this.#kept = rest;
        return;
      }
      rest = rest.subarray(taken);
    }
  }

  /** @returns how much has been read; 0 if more is needed */
  #take(data: Buffer): number {
    switch (this.#state) {
      case "head":
        return this.#takeHead(data);
      case "body":
      case "chunk":
        return this.#takeBytes(data);
      case "size":
        return this.#takeLine(data, (line) => this.#beginChunk(Number.parseInt(line, 16)));
      case "trailer":
        return this.#takeLine(data, (line) => (line === "" ? this.#end() : undefined));
    }
  }

  #takeHead(data: Buffer): number {
    const end = data.indexOf(endOfHead);
    if (end < 0) return 0;
    const head = data.toString("latin1", 0, end);
    const status = Number(head.slice(9, 12));
    if (!head.startsWith("HTTP/1.1 ") || !(status >= 200)) throw new Error(`No answer: ${head.slice(0, 80)}`);
    this.#listener.head(status);
    const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
    if (status === 204 || status === 304) this.#end();
    else if (length !== undefined) this.#beginBody(Number(length));
    else if (/\r\ntransfer-encoding: *chunked/i.test(head)) this.#state = "size";
    else throw new Error("An answer without a length");
    return end + endOfHead.length;
  }

  #takeBytes(data: Buffer): number {
    const taken = Math.min(this.#left, data.length);
    this.#left -= taken;
    if (this.#left === 0 && this.#state === "body") this.#end();
    else if (this.#left === 0) this.#state = "size";
    return taken;
  }

  #takeLine(data: Buffer, use: (line: string) => void): number {
    const end = data.indexOf("\r\n");
    if (end < 0) return 0;
    use(data.toString("latin1", 0, end));
    return end + 2;
  }

  #beginBody(length: number): void {
    this.#state = "body";
    this.#left = length;
    if (length === 0) this.#end();
  }

  /** With the line's end that follows its bytes. */
  #beginChunk(size: number): void {
    this.#state = size === 0 ? "trailer" : "chunk";
    this.#left = size + 2;
  }

  #end(): void {
    this.#state = "head";
    this.#listener.ended();
  }
}
