import { request as ask, type IncomingMessage, type ServerResponse } from "node:http";
import { listenOnLoopback } from "@entra-functions-bff/functions-host/listen";

/** Stands where browsers look for the app, so that the app behind it can be replaced. Nothing of it is in the app. */
export interface DevServer {
  /** @param url where the app answers from now on; undefined if there is none */
  leadTo(url: string | undefined): void;
  /** Has every page that is open load again. */
  reload(): void;
  stop(): Promise<void>;
}

const scriptPath = "/.dev/reload.js";
const changesPath = "/.dev/changes";

/** A page that lost this program loads again when the program is back. */
const script = `const changes = new EventSource("${changesPath}");
let lost = false;
changes.addEventListener("message", () => location.reload());
changes.addEventListener("error", () => (lost = true));
changes.addEventListener("open", () => lost && location.reload());
`;

/** @throws if the port is taken */
export async function startDevServer(port: number): Promise<DevServer> {
  let app: string | undefined;
  const pages = new Set<ServerResponse>();
  const server = await listenOnLoopback(port, (request, response) => {
    if (request.url === scriptPath) response.writeHead(200, { "content-type": "text/javascript" }).end(script);
    else if (request.url === changesPath) follow(response, pages);
    else if (app === undefined) sayWhyNot(response);
    else forward(app, request, response);
  });
  return {
    leadTo: (url) => void (app = url),
    reload() {
      for (const page of pages) page.write("data: changed\n\n");
    },
    stop: async () => server.close(),
  };
}

function follow(response: ServerResponse, pages: Set<ServerResponse>): void {
  pages.add(response);
  response.on("close", () => pages.delete(response));
  response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" }).flushHeaders();
}

function sayWhyNot(response: ServerResponse): void {
  const text = "The app is not running. The terminal says why; it starts again when you change a file.\n";
  response.writeHead(503, { "content-type": "text/plain" }).end(text);
}

/** Passes everything on as it is, except that pages get the script. */
function forward(app: string, request: IncomingMessage, response: ServerResponse): void {
  const wantsPage = /\btext\/html\b/.test(request.headers.accept ?? "");
  // Only what is not compressed can get the script.
  const { "accept-encoding": _compressed, ...plain } = request.headers;
  const headers = wantsPage ? plain : request.headers;
  const call = ask(new URL(app), { method: request.method, path: request.url, headers, setHost: false });
  call.on("response", (answer) => void passOn(answer, response).catch(() => response.destroy()));
  call.on("error", () => (response.headersSent ? response.destroy() : sayWhyNot(response)));
  response.on("close", () => call.destroy());
  request.pipe(call);
}

/** Whether it is a page whose policy lets it run a script of this origin. */
function takesScript({ headers }: IncomingMessage, response: ServerResponse): boolean {
  const isPage = /^text\/html\b/.test(headers["content-type"] ?? "") && headers["content-encoding"] === undefined;
  const policy = headers["content-security-policy"] ?? "";
  return isPage && response.req.method !== "HEAD" && /script-src [^;]*'self'/.test(String(policy));
}

async function passOn(answer: IncomingMessage, response: ServerResponse): Promise<void> {
  const { statusCode = 502, statusMessage = "" } = answer;
  if (!takesScript(answer, response)) {
    response.writeHead(statusCode, statusMessage, answer.rawHeaders);
    answer.on("error", () => response.destroy());
    answer.pipe(response);
    return;
  }
  const chunks: Buffer[] = [];
  for await (const chunk of answer) chunks.push(chunk as Buffer);
  const page = Buffer.concat(chunks).toString("utf8");
  const { "content-length": _length, "transfer-encoding": _coding, ...headers } = answer.headers;
  const tag = `<script src="${scriptPath}"></script>`;
  response.writeHead(statusCode, statusMessage, headers).end(page.replace(/(?=<\/head>)|$/, () => tag));
}
