import type { TokenCredential } from "@azure/identity";
import { AppRegistrationError } from "./errors.ts";
import { isMissing, isPassing, readRefusal, type Refusal, toFailure } from "./graph-failures.ts";

export interface GraphClientOptions {
  /** Origin of Microsoft Graph, https or loopback. Only a token that was issued for it is sent to it. */
  readonly url: string;
  readonly credential: TokenCredential;
  readonly wait?: (ms: number) => Promise<void>;
  /** For one request, in milliseconds. */
  readonly requestTimeoutMs?: number;
}

export type Written<T> = { readonly created: T } | "updated" | "missing";

/** The v1.0 API. `purpose` says what a request is for, to complete "could not …". All waits are bounded. */
export interface GraphClient {
  /** Undefined when it does not exist, or not yet. @throws {AppRegistrationError} */
  read<T>(purpose: string, path: string): Promise<T | undefined>;
  /**
   * Reads a list page by page; empty if what it belongs to does not exist.
   * @param isEnough whether the pages so far are all that is needed
   * @throws {AppRegistrationError}
   */
  list<T>(purpose: string, path: string, isEnough?: (found: readonly T[]) => boolean): Promise<readonly T[]>;
  /** Updates. @throws {AppRegistrationError} */
  update(purpose: string, path: string, body: object): Promise<"updated" | "missing">;
  /**
   * Creates or updates what an alternate key names, so that it can safely be repeated. @throws {AppRegistrationError}
   */
  upsert<T>(purpose: string, path: string, body: object): Promise<Written<T>>;
  /** Tries until there is a result, for about a minute by default; then returns undefined. */
  untilFound<T>(attempt: () => Promise<T | undefined>, delaysMs?: readonly number[]): Promise<T | undefined>;
}

const attempts = 6;
const longestWaitMs = 60_000;
const tokenTimeoutMs = 60_000;
const visibilityDelaysMs = [1_000, 2_000, 4_000, 8_000, 15_000, 15_000, 15_000];

type Init = Pick<RequestInit, "method" | "body"> & { readonly headers?: Readonly<Record<string, string>> };
type Answer = { readonly status: number; readonly body: unknown } | { readonly refusal: Refusal };
type Page<T> = { readonly value: readonly T[]; readonly "@odata.nextLink"?: string };
type Failed = { readonly failed: AppRegistrationError };

export function createGraphClient(options: GraphClientOptions): GraphClient {
  const { url, wait = sleep, requestTimeoutMs = 15_000 } = options;
  let token: Promise<string> | undefined;

  async function send(purpose: string, path: string, init: Init): Promise<Answer> {
    token ??= signIn(options.credential, url);
    const headers = { ...init.headers, accept: "application/json", authorization: `Bearer ${await token}` };
    for (let attempt = 1; ; attempt++) {
      const signal = AbortSignal.timeout(requestTimeoutMs);
      // A redirect would carry the token to another server.
      const answer = await request(`${url}/v1.0${path}`, { ...init, headers, signal, redirect: "error" });
      if (!("failed" in answer) && !isPassingRefusal(answer)) return answer;
      const delay = delayAfter(answer, attempt);
      if (attempt === attempts || delay > longestWaitMs) throw failureOf(purpose, answer);
      await wait(delay);
    }
  }

  async function read<T>(purpose: string, path: string): Promise<T | undefined> {
    const answer = await send(purpose, path, { method: "GET" });
    return "refusal" in answer ? missingOr(purpose, answer.refusal, undefined) : (answer.body as T);
  }

  /** The path of the page that Graph names. The token goes to no other server. */
  function pathOf(link: string): string {
    const base = `${url}/v1.0`;
    if (link.startsWith(`${base}/`)) return link.slice(base.length);
    throw new AppRegistrationError("graph_refused", `Microsoft Graph continues a list at another address: ${link}`);
  }

  async function write<T>(purpose: string, path: string, body: object, prefer?: string): Promise<Written<T>> {
    const headers = { "content-type": "application/json", ...(prefer !== undefined && { prefer }) };
    const answer = await send(purpose, path, { method: "PATCH", headers, body: JSON.stringify(body) });
    if ("refusal" in answer) return missingOr(purpose, answer.refusal, "missing");
    return answer.status === 201 ? { created: answer.body as T } : "updated";
  }

  return {
    read,
    async list<T>(purpose: string, path: string, isEnough: (found: readonly T[]) => boolean = () => false) {
      const found: T[] = [];
      for (let next: string | undefined = path; next !== undefined && !isEnough(found);) {
        const page: Page<T> | undefined = await read(purpose, next);
        found.push(...(page?.value ?? []));
        next = page?.["@odata.nextLink"] && pathOf(page["@odata.nextLink"]);
      }
      return found;
    },
    async update(purpose, path, body) {
      return (await write(purpose, path, body)) === "missing" ? "missing" : "updated";
    },
    upsert: async (purpose, path, body) => write(purpose, path, body, "create-if-missing"),
    async untilFound(attempt, delaysMs = visibilityDelaysMs) {
      for (const delay of delaysMs) {
        const found = await attempt();
        if (found !== undefined) return found;
        await wait(delay);
      }
      return attempt();
    },
  };
}

/** A string in a path or a filter (OData 4.01 URL conventions, section 5.1.1.6.1), percent-encoded. */
export function literal(value: string): string {
  return encodeURIComponent(`'${value.replaceAll("'", "''")}'`).replaceAll("'", "%27");
}

async function signIn(credential: TokenCredential, url: string): Promise<string> {
  try {
    const abortSignal = AbortSignal.timeout(tokenTimeoutMs);
    const accessToken = await credential.getToken(`${url}/.default`, { abortSignal });
    if (accessToken !== null) return accessToken.token;
  } catch (error) {
    const reason = error instanceof Error ? error.message.trim() : "";
    const message = `Not signed in to Microsoft Entra. Sign in, for example with: az login\n${reason}`;
    throw new AppRegistrationError("not_signed_in", message.trim(), { cause: error });
  }
  throw new AppRegistrationError("not_signed_in", "Not signed in to Microsoft Entra: there is no usable credential.");
}

async function request(url: string, init: RequestInit): Promise<Answer | Failed> {
  try {
    const response = await fetch(url, init);
    const text = await response.text();
    const body: unknown = text === "" ? undefined : parse(text);
    if (!response.ok) return { refusal: readRefusal(response.status, response.headers, body) };
    if (body !== undefined || response.status === 204) return { status: response.status, body };
    return unreachable(url, "the server that answered is not Microsoft Graph");
  } catch (error) {
    return unreachable(url, reasonOf(error), error);
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function unreachable(url: string, reason: string, cause?: unknown): Failed {
  const message = `Microsoft Graph at ${new URL(url).origin} cannot be reached: ${reason}.`;
  return { failed: new AppRegistrationError("graph_unreachable", message, { cause }) };
}

function reasonOf(error: unknown): string {
  if (error instanceof Error && error.name === "TimeoutError") return "no answer in time";
  const cause = error instanceof Error ? error.cause : undefined;
  const code = typeof cause === "object" && cause !== null && "code" in cause ? cause.code : undefined;
  return typeof code === "string" ? code : "the connection failed";
}

function isPassingRefusal(answer: Answer): boolean {
  return "refusal" in answer && isPassing(answer.refusal);
}

function failureOf(purpose: string, answer: Answer | Failed): unknown {
  if ("failed" in answer) return answer.failed;
  return "refusal" in answer ? toFailure(purpose, answer.refusal) : undefined;
}

/** What Graph asks for in Retry-After; otherwise 1 s, 2 s, 4 s and so on. */
function delayAfter(answer: Answer | Failed, attempt: number): number {
  const asked = "refusal" in answer ? answer.refusal.retryAfterMs : undefined;
  return asked ?? 1000 * 2 ** (attempt - 1);
}

function missingOr<T>(purpose: string, refusal: Refusal, missing: T): T {
  if (isMissing(refusal)) return missing;
  throw toFailure(purpose, refusal);
}

async function sleep(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms));
}
