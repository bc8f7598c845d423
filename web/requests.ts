import { basePath } from "./base-path.ts";
import { attempt, timeLimit } from "./facilities.ts";

/** Who is signed in: the account, as its ID token names it. */
export interface Account {
  readonly name: string;
  readonly username: string;
  readonly tenantId: string;
  readonly objectId: string;
}

/** Times of this browser's session, ISO 8601 in UTC. It ends at the earlier of the last two. */
export interface SessionTimes {
  readonly createdAt: string;
  readonly lastSeenAt: string;
  readonly idleExpiresAt: string;
  readonly expiresAt: string;
}

/** One of the account's sessions, as `GET /auth/sessions` lists them. */
export interface ListedSession {
  /** For `endSession`. */
  readonly id: string;
  /** Whether it is this browser's. */
  readonly current: boolean;
  /** Such as "Firefox on Windows". */
  readonly userAgent: string;
  readonly createdAt: string;
  readonly lastSeenAt: string;
  readonly expiresAt: string;
}

/** The answer of `GET /auth/me`. */
export interface Me {
  readonly account: Account;
  readonly session: SessionTimes;
  /** What a sign-out ends: all sessions of the account, or this browser's. A server of an earlier version omits it. */
  readonly signOut?: { readonly scope: "account" | "session" };
}

/** An error as the server describes it (RFC 9457). `code` is stable, `title` and `detail` are for people. */
export interface Problem {
  readonly status: number;
  readonly code: string;
  readonly title: string;
  readonly detail?: string;
  /** With it, support finds this occurrence in the server's log: `urn:uuid:…`. */
  readonly instance?: string;
  /** The claims challenge of an API, which a sign-in with it meets: `login({ claims })`. */
  readonly claims?: string;
  /** The API that needs a sign-in for it: `login({ api })`. */
  readonly api?: string;
}

/** The server answered, and the answer is an error. */
export class ProblemError extends Error {
  override readonly name = "ProblemError";
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(`${problem.title} (${problem.code})`);
    this.problem = problem;
  }
}

/** No answer came: offline, server away, or too slow. */
export class UnreachableError extends Error {
  override readonly name = "UnreachableError";

  constructor(cause: unknown) {
    super("The server cannot be reached.", { cause });
  }
}

/**
 * `fetch` with this origin's cookie and without the HTTP cache. A path is one of the app. Throws UnreachableError, or the
 * caller's own abort reason.
 */
export async function send(target: string, init: RequestInit): Promise<Response> {
  try {
    const url = target.startsWith("/") ? basePath() + target : target;
    return await fetch(url, { cache: "no-store", ...init, credentials: "same-origin" });
  } catch (error) {
    const timedOut = isRecord(error) && error["name"] === "TimeoutError";
    if (init.signal?.aborted === true && !timedOut) throw error;
    throw new UnreachableError(error);
  }
}

/** Whether an answer is a problem of the app itself. No API's answer has this field, because the server removes it. */
export function isProblem(response: Response): boolean {
  return response.headers.has("bff-problem");
}

/** The error in an answer. If the answer has none (for example a gateway's page), one is made up. */
export async function problemIn(response: Response): Promise<ProblemError> {
  const body = isProblem(response) ? await jsonOf(response) : undefined;
  const text = (name: string): string | undefined => {
    const value = isRecord(body) ? body[name] : undefined;
    return typeof value === "string" ? value : undefined;
  };
  const detail = text("detail");
  const claims = text("claims");
  const api = text("api");
  const instance = text("instance");
  return new ProblemError({
    status: response.status,
    code: text("code") ?? "unexpected_answer",
    title: text("title") ?? `The server's answer (status ${response.status}) was not understood`,
    ...(detail === undefined ? {} : { detail }),
    ...(instance === undefined ? {} : { instance }),
    ...(claims === undefined ? {} : { claims }),
    ...(api === undefined ? {} : { api }),
  });
}

/** The JSON in an answer; undefined if it is not JSON. Throws UnreachableError if the answer is cut off. */
export async function jsonOf(response: Response): Promise<unknown> {
  const text = await response.text().catch((error: unknown) => {
    throw new UnreachableError(error);
  });
  return attempt(() => JSON.parse(text) as unknown);
}

/** What `/auth/me` said, and the server's clock (ms) when it said so. `me` is undefined when signed out. */
export interface MeAnswer {
  readonly me: Me | undefined;
  readonly serverTime: number;
}

/** Asks who is signed in. Throws ProblemError or UnreachableError; gives up after ten seconds. */
export async function askMe(): Promise<MeAnswer> {
  const response = await send("/auth/me?optional=1", { headers: { accept: "application/json" }, ...timeLimit(10_000) });
  const date = Date.parse(response.headers.get("date") ?? "");
  const serverTime = Number.isNaN(date) ? Date.now() : date;
  // 401 is what a server of an earlier version says.
  if (response.status === 204 || response.status === 401) return { me: undefined, serverTime };
  if (!response.ok) throw await problemIn(response);
  const me = await jsonOf(response);
  // A captive portal answers 200 with its own page, which does not say who is signed in.
  if (!isMe(me)) throw await problemIn(response);
  return { me, serverTime };
}

/** Whether `value` is a list of sessions, and not for example a gateway's answer. */
export function areSessions(value: unknown): value is readonly ListedSession[] {
  const texts = ["id", "userAgent", "createdAt", "lastSeenAt", "expiresAt"];
  return Array.isArray(value) && value.every((each) => hasTexts(each, texts));
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

function isMe(value: unknown): value is Me {
  return (
    isRecord(value) &&
    hasTexts(value["account"], ["name", "username", "tenantId", "objectId"]) &&
    hasTexts(value["session"], ["createdAt", "lastSeenAt", "idleExpiresAt", "expiresAt"])
  );
}

function hasTexts(value: unknown, names: readonly string[]): boolean {
  return isRecord(value) && names.every((name) => typeof value[name] === "string");
}
