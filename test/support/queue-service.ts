import { once } from "node:events";
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { setTimeout as delay } from "node:timers/promises";

/** What is wrong with the service: what it answers, or how it does not. */
export type QueueTrouble =
  { readonly status: number } | { readonly slowMs: number } | "no such queue" | "refused" | "silent";

/** A Queue service in this process that fails on demand, for one account. */
export interface QueueService {
  readonly url: string;
  readonly connectionString: string;
  /** `Authorization` of the requests so far. */
  readonly authorizations: readonly (string | undefined)[];
  /** Texts of the messages in a queue, hidden ones included. */
  texts(queue: string): readonly string[];
  /** Resolves when the message has been deleted, whenever that was or will be. */
  deleted(messageId: string): Promise<void>;
  /** Undefined: it works. What was stored is there again afterwards, unless the queue was deleted. */
  set(trouble: QueueTrouble | undefined): Promise<void>;
  stop(): Promise<void>;
}

interface Message {
  readonly id: string;
  readonly text: string;
  attempt: number;
  visibleAt: number;
  popReceipt: string;
}

interface Asked {
  readonly method: string;
  readonly queue: string;
  /** Undefined: the queue itself. */
  readonly messageId: string | undefined;
  readonly isMessages: boolean;
  readonly query: URLSearchParams;
  readonly body: string;
}

interface Reply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface QueueServiceOptions {
  /** From the start; it does not even listen when that is "refused". */
  readonly trouble?: QueueTrouble | undefined;
  /** Key and certificate; without them it speaks plain http. */
  readonly tls?: { readonly key: string; readonly cert: string };
  /** Takes every message and gives none out: whoever looks into it finds that they are all hidden. */
  readonly hidesAll?: boolean;
}

export async function startQueueService(options: QueueServiceOptions = {}): Promise<QueueService> {
  const { trouble, tls, hidesAll = false } = options;
  const authorizations: (string | undefined)[] = [];
  const queues = new Map<string, Message[]>();
  const deletions = new Map<string, PromiseWithResolvers<void>>();
  const deletionOf = (messageId: string) => {
    const deletion = deletions.get(messageId) ?? Promise.withResolvers<void>();
    deletions.set(messageId, deletion);
    return deletion;
  };
  let current = trouble;
  let server: Server | undefined;
  const handle = async (request: IncomingMessage, response: ServerResponse) => {
    const asked = await read(request);
    authorizations.push(request.headers.authorization);
    if (current === "silent") return;
    if (typeof current === "object" && "slowMs" in current) await delay(current.slowMs);
    const refusal = typeof current === "object" && "status" in current ? current.status : undefined;
    const { status, headers, body } = refusal ? failure(refusal, "InTrouble") : answer(queues, asked, hidesAll);
    response.writeHead(status, { "content-type": "application/xml", ...headers }).end(body);
    if (asked.method === "DELETE" && asked.messageId && status === 204) deletionOf(asked.messageId).resolve();
  };
  const listener: RequestListener = (request, response) => void handle(request, response);
  const listen = async (port: number) => {
    server = tls ? createTlsServer(tls, listener) : createServer(listener);
    server.listen(port, "127.0.0.1");
    await once(server, "listening");
    return (server.address() as AddressInfo).port;
  };
  const close = async () => {
    if (!server?.listening) return;
    const closed = once(server, "close");
    server.close();
    server.closeAllConnections();
    await closed;
  };
  const port = await listen(0);
  const url = `${tls ? "https" : "http"}://127.0.0.1:${port}/queues`;
  const service: QueueService = {
    url,
    authorizations,
    connectionString: `DefaultEndpointsProtocol=http;AccountName=queues;AccountKey=c2luaw==;QueueEndpoint=${url}`,
    deleted: (messageId) => deletionOf(messageId).promise,
    texts: (queue) => (queues.get(queue) ?? []).map(({ text }) => text),
    async set(next) {
      current = next;
      if (next === "no such queue") queues.clear();
      if (next === "refused") await close();
      else if (!server?.listening) await listen(port);
    },
    stop: close,
  };
  await service.set(trouble);
  return service;
}

async function read(request: IncomingMessage): Promise<Asked> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const { pathname, searchParams: query } = new URL(request.url ?? "", "http://queues");
  const [, , queue = "", messages, messageId] = pathname.split("/");
  const { method = "" } = request;
  return {
    method,
    queue,
    messageId,
    isMessages: messages === "messages",
    query,
    body: Buffer.concat(chunks).toString(),
  };
}

function answer(queues: Map<string, Message[]>, asked: Asked, hidesAll: boolean): Reply {
  const { method, queue, messageId, isMessages } = asked;
  const messages = queues.get(queue);
  if (method === "PUT" && !isMessages) {
    queues.set(queue, messages ?? []);
    return { status: messages ? 204 : 201 };
  }
  if (!messages) return failure(404, "QueueNotFound");
  if (method === "DELETE" && !isMessages) {
    queues.delete(queue);
    return { status: 204 };
  }
  if (!isMessages) return { status: 200, headers: { "x-ms-approximate-messages-count": String(messages.length) } };
  if (method === "POST") return put(messages, asked, hidesAll ? Infinity : 0);
  if (method === "GET") return receive(messages, asked);
  const index = messages.findIndex(
    ({ id, popReceipt }) => id === messageId && popReceipt === asked.query.get("popreceipt"),
  );
  const message = messages[index];
  if (!message) return failure(404, "MessageNotFound");
  if (method === "DELETE") {
    messages.splice(index, 1);
    return { status: 204 };
  }
  hide(message, Number(asked.query.get("visibilitytimeout")));
  return { status: 204, headers: { "x-ms-popreceipt": message.popReceipt, "x-ms-time-next-visible": date } };
}

function put(messages: Message[], { body }: Asked, visibleAt: number): Reply {
  const text = /<MessageText>([^<]*)<\/MessageText>/.exec(body)?.[1] ?? "";
  const message = { id: crypto.randomUUID(), text, attempt: 0, visibleAt, popReceipt: crypto.randomUUID() };
  messages.push(message);
  return { status: 201, body: list([message]) };
}

function receive(messages: readonly Message[], { query }: Asked): Reply {
  const due = messages
    .filter(({ visibleAt }) => visibleAt <= Date.now())
    .slice(0, Number(query.get("numofmessages") ?? 1));
  for (const message of query.get("peekonly") === "true" ? [] : due) {
    message.attempt++;
    hide(message, Number(query.get("visibilitytimeout") ?? 30));
  }
  return { status: 200, body: list(due) };
}

function hide(message: Message, seconds: number): void {
  message.visibleAt = Date.now() + seconds * 1_000;
  message.popReceipt = crypto.randomUUID();
}

function failure(status: number, code: string): Reply {
  const body = `<?xml version="1.0" encoding="utf-8"?><Error><Code>${code}</Code><Message>${code}</Message></Error>`;
  return { status, headers: { "x-ms-error-code": code }, body };
}

const date = "Thu, 01 Jan 2026 00:00:00 GMT";

function list(messages: readonly Message[]): string {
  const items = messages.map(
    ({ id, text, attempt, popReceipt }) =>
      `<QueueMessage><MessageId>${id}</MessageId><InsertionTime>${date}</InsertionTime><ExpirationTime>${date}</ExpirationTime><PopReceipt>${popReceipt}</PopReceipt><TimeNextVisible>${date}</TimeNextVisible><DequeueCount>${attempt}</DequeueCount><MessageText>${text}</MessageText></QueueMessage>`,
  );
  return `<?xml version="1.0" encoding="utf-8"?><QueueMessagesList>${items.join("")}</QueueMessagesList>`;
}
