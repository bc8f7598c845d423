import { request as httpsRequest } from "node:https";

export interface BackChannelRequest {
  readonly method?: "GET" | "POST";
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface BackChannelAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

/** Calls an https address whose certificate a private CA signed. */
export type BackChannel = (url: string, request?: BackChannelRequest) => Promise<BackChannelAnswer>;

const timeoutMs = 10_000;

/** `ca` is the PEM of the private CA. Calls reject on connection trouble and after ten seconds without an answer. */
export function createBackChannel(ca: string): BackChannel {
  return async (url, { method = "GET", headers = {}, body } = {}) =>
    new Promise((resolve, reject) => {
      const call = httpsRequest(
        url,
        { method, ca, headers: { ...headers, ...lengthOf(body) }, agent: false },
        (response) => {
          const chunks: Buffer[] = [];
          response.on("data", (chunk: Buffer) => chunks.push(chunk));
          response.on("error", reject);
          response.on("end", () => {
            const text = Buffer.concat(chunks).toString("utf8");
            resolve({ status: response.statusCode ?? 0, headers: flat(response.headers), text });
          });
        },
      );
      call.setTimeout(timeoutMs, () => call.destroy(new Error(`No answer from ${new URL(url).origin}`)));
      call.on("error", reject);
      call.end(body);
    });
}

function lengthOf(body: string | undefined): Record<string, string> {
  return body === undefined ? {} : { "content-length": String(Buffer.byteLength(body)) };
}

function flat(headers: NodeJS.Dict<string | string[]>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value ?? ""].flat().join(", ")]));
}
