import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";

/** A request as it came over the wire. */
export interface ReceivedRequest {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  /** In lower case; repeated fields joined. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** A web API that takes down what it is asked and answers as a test tells it to. */
export interface RecordingApi {
  /** Without a trailing slash. */
  readonly url: string;
  /** Those that came to their end. */
  readonly requests: ReceivedRequest[];
  /** From now on, and for every request. Without one it answers 200 and `{}`. */
  answer(how: Answer): void;
  stop(): Promise<void>;
}

type Answer = (response: ServerResponse, request: ReceivedRequest) => void;

const empty: Answer = (response) => response.end("{}");

export async function startRecordingApi(): Promise<RecordingApi> {
  const requests: ReceivedRequest[] = [];
  let answer: Answer = empty;
  const receive = async (request: IncomingMessage, response: ServerResponse) => {
    const received = asReceived(request, await buffer(request));
    requests.push(received);
    answer(response, received);
  };
  const server = createServer((request, response) => {
    receive(request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    answer: (how) => void (answer = how),
    stop: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

function asReceived({ method = "", url = "", headersDistinct }: IncomingMessage, body: Buffer): ReceivedRequest {
  const headers = Object.entries(headersDistinct).map(([name, values]) => [name, (values ?? []).join(", ")]);
  return { method, path: url, headers: Object.fromEntries(headers) as Record<string, string>, body };
}
