import { connect, type Socket } from "node:net";
import { AnswerParser } from "./answer-parser.ts";
import type { Tally } from "./tally.ts";

export interface LoadRequest {
  readonly method?: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
}

interface Course {
  /** Asked before each request. */
  readonly isOver: () => boolean;
  /** Where the next answer counts. */
  readonly tally: () => Tally;
}

/** Connections that are kept alive, each with one request at a time. */
export class ConnectionLoad {
  readonly #origin: URL;
  readonly #messages: readonly Buffer[];
  readonly #course: Course;
  #next = 0;
  #answers = 0;
  /** Resolves when the course is over and every answer has come. */
  readonly ended: Promise<void>;

  constructor(
    { origin, connections, requests }: { origin: string; connections: number; requests: readonly LoadRequest[] },
    course: Course,
  ) {
    this.#origin = new URL(origin);
    this.#messages = requests.map((request) => Buffer.from(messageOf(this.#origin.host, request)));
    this.#course = course;
    const all = Array.from({ length: connections }, () => this.#keepSending());
    this.ended = Promise.all(all).then(() => undefined);
  }

  async #keepSending(): Promise<void> {
    while (!(await this.#sendOver(this.#connect()))) if (this.#course.isOver()) return;
  }

  #connect(): Socket {
    return connect({ host: this.#origin.hostname, port: Number(this.#origin.port), noDelay: true });
  }

  /** @returns false if the connection ended before the course was over */
  #sendOver(socket: Socket): Promise<boolean> {
    return new Promise((resolve) => {
      let [sentAt, answersBefore, status] = [performance.now(), this.#answers, 0];
      const send = () => {
        if (this.#course.isOver()) return finish(true);
        [sentAt, answersBefore] = [performance.now(), this.#answers];
        socket.write(this.#message());
      };
      const finish = (isOver: boolean) => {
        socket.removeAllListeners().on("error", () => undefined);
        socket.destroy();
        if (!isOver) count(0);
        resolve(isOver);
      };
      const count = (result: number) => {
        this.#answers += 1;
        this.#course.tally().ended(sentAt, result, this.#answers - answersBefore);
      };
      const parser = new AnswerParser({
        head: (received) => {
          status = received;
          this.#course.tally().begun(sentAt);
        },
        ended: () => {
          count(status);
          send();
        },
      });
      socket
        .once("connect", send)
        .once("error", () => finish(false))
        .once("close", () => finish(false));
      socket.on("data", (data) => {
        this.#course.tally().received(data.length);
        parser.push(data);
      });
    });
  }

  #message(): Buffer {
    const message = this.#messages[this.#next++ % this.#messages.length];
    if (!message) throw new Error("A plan without requests");
    return message;
  }
}

function messageOf(host: string, { method = "GET", path, headers = {} }: LoadRequest): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const length = method === "GET" ? "" : "content-length: 0\r\n";
  return `${method} ${path} HTTP/1.1\r\nhost: ${host}\r\n${length}${lines.join("")}\r\n`;
}
