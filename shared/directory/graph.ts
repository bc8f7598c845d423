import type { App } from "../app/app.ts";
import type { DirectoryConfiguration } from "../configuration/directory.ts";
import { retryAfterMs } from "../http/retry-after.ts";
import { httpDependency } from "../telemetry/activity.ts";
import { GraphError } from "./errors.ts";
import { forgetGraphToken, graphToken } from "./graph-token.ts";

export interface GraphAnswer {
  readonly status: number;
  /** JSON; undefined if the answer has no body. */
  readonly body: unknown;
}

export interface GraphRequest {
  readonly method: "GET" | "POST" | "PATCH" | "DELETE";
  /** A path of Microsoft Graph, or an absolute URL that it has given. */
  readonly target: string;
  readonly json?: object;
  readonly headers?: Readonly<Record<string, string>>;
}

const requestTimeoutMs = 10_000;
/** What the caller decides about: done, not there, or state that Microsoft Graph no longer has. */
const expected = new Set([200, 201, 204, 400, 404, 410]);

/**
 * Asks Microsoft Graph, as the app itself.
 * @throws {GraphError} if there is no answer, or one that says to try again later or that the app may not ask
 */
export async function askGraph(
  app: App,
  directory: DirectoryConfiguration,
  request: GraphRequest,
  signal: AbortSignal,
): Promise<GraphAnswer> {
  const url = new URL(request.target, `${directory.graphUrl}/v1.0/`);
  // The token goes nowhere else, whatever a link in an answer says.
  if (url.origin !== directory.graphUrl) throw new GraphError("foreign_link");
  const within = AbortSignal.any([signal, AbortSignal.timeout(requestTimeoutMs)]);
  const token = await graphToken(app, directory, within);
  const response = await send(url, request, token, within);
  if (response.status === 401) forgetGraphToken(app, directory);
  if (!expected.has(response.status)) {
    void response.body?.cancel().catch(() => undefined);
    throw new GraphError(String(response.status), Math.ceil(retryAfterMs(response) / 1_000));
  }
  return { status: response.status, body: await jsonOf(response) };
}

async function send(
  url: URL,
  { method, json, headers }: GraphRequest,
  token: string,
  signal: AbortSignal,
): Promise<Response> {
  const init = {
    method,
    signal,
    redirect: "error",
    headers: { authorization: `Bearer ${token}`, ...(json && { "content-type": "application/json" }), ...headers },
    ...(json && { body: JSON.stringify(json) }),
  } as const;
  try {
    return await httpDependency(method, url, async () => fetch(url, init));
  } catch (error) {
    throw new GraphError(signal.aborted ? "no_answer" : "not_reached", 0, error);
  }
}

async function jsonOf(response: Response): Promise<unknown> {
  try {
    const text = await response.text();
    return text === "" ? undefined : JSON.parse(text);
  } catch (error) {
    throw new GraphError("unreadable", 0, error);
  }
}
