import { connect, type Socket } from "node:net";
import { onlyAnswer, type RawAnswer } from "@entra-functions-bff/stand-in-kit/raw-answers";
import { apiSettings, sessionCookie, sessionOf, signIn, startWorld, type World } from "../support/world.ts";
import { startRawApi, type RawApi } from "./raw-api.ts";

/** The app between a browser and an API, both of which are sockets. */
export interface ProxyStage {
  readonly world: World;
  readonly api: RawApi;
  /** Head of a request by Ada's browser to `/api/raw/<path>`, without the empty line at its end. */
  head(method: string, path: string, fields?: readonly string[]): string;
  /** A connection to the app with `bytes` sent. */
  open(bytes: string | Buffer): Socket;
  /** One request on a connection of its own, and the only answer. */
  ask(method: string, path: string, fields?: readonly string[], body?: string | Buffer): Promise<RawAnswer>;
  stop(): Promise<void>;
}

/** Whether requests and answers pass through the Functions host as streams: what goes through the app is the same. */
export const modes = [
  ["without HTTP streams", false],
  ["with HTTP streams", true],
] as const;

/** Bytes that the Functions host takes, more than the app does unless an API's settings say otherwise. */
export const largestRequest = 1_073_741_824;

/**
 * @param settings of the API, besides its base URL and scopes
 * @param small settings of another one of the same address, `/api/small/<path>`
 */
export async function startProxyStage(
  streaming: boolean,
  settings: Readonly<Record<string, string>> = {},
  small: Readonly<Record<string, string>> = {},
): Promise<ProxyStage> {
  const api = await startRawApi();
  const usual = { BaseUrl: `${api.url}/base`, Scopes: "User.Read" };
  const apis = { ...apiSettings("raw", { ...usual, ...settings }), ...apiSettings("small", { ...usual, ...small }) };
  const limit = { FUNCTIONS_REQUEST_BODY_SIZE_LIMIT: String(largestRequest) };
  const world = await startWorld({ environment: { ...apis, ...limit, Http__Streaming: String(streaming) } });
  const client = world.client();
  await signIn(client, "ada@contoso.example", "/healthz");
  const { value } = sessionOf(client);
  const { host, port } = new URL(world.publicBaseUrl);

  const head: ProxyStage["head"] = (method, path, fields = []) => {
    const own = [`Host: ${host}`, `Cookie: ${sessionCookie}=${value}`, `Origin: ${world.publicBaseUrl}`];
    return [`${method} /api/raw/${path} HTTP/1.1`, ...own, ...fields].join("\r\n");
  };
  const open: ProxyStage["open"] = (bytes) => {
    const socket = connect(Number(port), "127.0.0.1").on("error", () => undefined);
    socket.write(bytes);
    return socket;
  };
  return {
    world,
    api,
    head,
    open,
    async ask(method, path, fields = [], body = "") {
      const length = body.length > 0 ? [`Content-Length: ${Buffer.byteLength(body)}`] : [];
      const closing = fields.some((field) => /^connection:/i.test(field)) ? [] : ["Connection: close"];
      const request = `${head(method, path, [...closing, ...length, ...fields])}\r\n\r\n`;
      const received = await readAll(open(Buffer.concat([Buffer.from(request, "latin1"), Buffer.from(body)])));
      return onlyAnswer(received, { head: method === "HEAD" });
    },
    stop: async () => {
      await world.stop();
      await api.stop();
    },
  };
}

/** Everything that comes until the connection ends. */
export async function readAll(socket: Socket): Promise<Buffer> {
  const pieces: Buffer[] = [];
  socket.on("data", (data: Buffer) => pieces.push(data));
  await new Promise((resolve) => socket.once("close", resolve));
  return Buffer.concat(pieces);
}
