/**
 * The browser's side: ask who is signed in, sign in, sign out, call APIs, and learn of a sign-out. It works with any
 * framework or none; importing it has no effect. It never holds a token: the session is an HttpOnly cookie, and the
 * server adds the tokens to API calls.
 *
 * @example
 * onSignedOut(({ reason }) => show(`You have been signed out (${reason}).`));
 * const who = await me();
 * if (who === undefined) login();
 * else show(await (await call("graph", "me")).json());
 */
import { basePath } from "./base-path.ts";
import { timeLimit } from "./facilities.ts";
import { areSessions, askMe, isProblem, isRecord, jsonOf, ProblemError, problemIn, send } from "./requests.ts";
import type { ListedSession, Me } from "./requests.ts";
import { duringSignOut, onSession, wake, type SignedOut } from "./session-watch.ts";

export { setBasePath } from "./base-path.ts";
export { ProblemError, UnreachableError } from "./requests.ts";
export type { Account, ListedSession, Me, Problem, SessionTimes } from "./requests.ts";
export { onSession, wake as checkSession } from "./session-watch.ts";
export type { SessionStatus, SignedOut } from "./session-watch.ts";

/** How to sign in. All members are optional and become query parameters of `/auth/login`. */
export interface LoginOptions {
  /** Path on this origin to return to. Default: the current page. */
  readonly returnUrl?: string;
  /** The account to offer: a username or `login_hint` claim. */
  readonly loginHint?: string;
  /** `select_account`, `login` or `consent` (OpenID Connect Core 3.1.2.1). */
  readonly prompt?: string;
  /** The claims challenge of a `signin_required` problem. */
  readonly claims?: string;
  /** The API of an `api_signin_required` or `signin_required` problem: the sign-in is for that API. */
  readonly api?: string;
}

/**
 * Returns the signed-in account and its session times, or undefined if nobody is signed in. Throws ProblemError,
 * UnreachableError.
 */
export async function me(): Promise<Me | undefined> {
  return (await askMe()).me;
}

/** The URL that starts a sign-in, for links. */
export function loginUrl(options: LoginOptions = {}): string {
  const here = location.pathname + location.search + location.hash;
  const given = Object.entries({ returnUrl: here, ...options }).filter(
    ([, value]: [string, unknown]) => value !== undefined,
  );
  const query = new URLSearchParams(Object.fromEntries(given));
  return `${basePath()}/auth/login?${query.toString()}`;
}

/** Leaves the page to sign in. */
export function login(options: LoginOptions = {}): void {
  location.assign(loginUrl(options));
}

/**
 * If `error` says that a sign-in is needed, leaves the page to sign in with the claims, or for the API, that it names.
 * Returns false if no sign-in is needed, or if none can help (`api_not_permitted`).
 */
export function signInFor(error: unknown, options: LoginOptions = {}): boolean {
  const problem = error instanceof ProblemError ? error.problem : undefined;
  if (problem?.code !== "signin_required" && problem?.code !== "api_signin_required") return false;
  const { claims, api } = problem;
  login({ ...options, ...(claims === undefined ? {} : { claims }), ...(api === undefined ? {} : { api }) });
  return true;
}

/** How to sign out. */
export interface LogoutOptions {
  /** Path on this origin to return to after the identity provider. Default: the app's start. */
  readonly returnUrl?: string;
  /** Signs out every browser of the account, whatever `SignOut__Scope` says. */
  readonly everywhere?: boolean;
}

/**
 * Signs out: the server deletes the account's tokens, the other tabs are told, and the browser goes to the identity
 * provider to end the session there. Resolves to true when the browser is leaving, and to false if there was no
 * session. Throws ProblemError (503: the tokens could not be deleted) or UnreachableError. It can safely be called
 * again.
 */
export async function logout({ returnUrl, everywhere = false }: LogoutOptions = {}): Promise<boolean> {
  const query = new URLSearchParams({
    ...(returnUrl !== undefined && { returnUrl }),
    ...(everywhere && { everywhere: "1" }),
  });
  const endSessionUrl = await duringSignOut(() => postLogout(query));
  if (endSessionUrl === undefined) return false;
  location.assign(endSessionUrl);
  return true;
}

async function postLogout(query: URLSearchParams): Promise<string | undefined> {
  const search = query.toString();
  const response = await send(search === "" ? "/auth/logout" : `/auth/logout?${search}`, {
    method: "POST",
    headers: { accept: "application/json" },
    ...timeLimit(20_000),
  });
  if (response.status === 401) return undefined;
  if (!response.ok) throw await problemIn(response);
  const body = await jsonOf(response);
  const url = isRecord(body) ? body["endSessionUrl"] : undefined;
  if (typeof url !== "string") throw await problemIn(response);
  return url;
}

/**
 * Calls a named downstream API with the account's token: `call("graph", "me")`. Takes what `fetch` takes and returns
 * the API's answer, whatever its status. Throws ProblemError if the app itself refuses: pass it to `signInFor(error)`,
 * which signs in as the problem requires, or returns false. Throws UnreachableError if there is no answer, and
 * TypeError for a path that leads outside the API.
 */
export async function call(api: string, path: string, init: RequestInit = {}): Promise<Response> {
  const root = `${basePath()}/api/${encodeURIComponent(api)}/`;
  const url = new URL(root + path.replace(/^\/+/, ""), location.origin);
  // The URL parser has already resolved "..", "%2e%2e" and the like.
  if (!url.pathname.startsWith(root) || url.origin !== location.origin)
    throw new TypeError(`"${path}" leads out of the API "${api}"`);
  return request(url.href, init);
}

/**
 * Calls a function of this app by its route: `request("/me/profile")`. Takes what `fetch` takes and returns the answer,
 * whatever its status. Like `call`, throws ProblemError if the app answers with a problem, and UnreachableError.
 */
export async function request(path: string, init: RequestInit = {}): Promise<Response> {
  const response = await send(path, init);
  if (response.ok || !isProblem(response)) return response;
  const error = await problemIn(response);
  if (error.problem.code === "signin_required") wake();
  throw error;
}

/** Lists where the account is signed in, the last used session first. Throws ProblemError, UnreachableError. */
export async function sessions(): Promise<readonly ListedSession[]> {
  const response = await request("/auth/sessions", timeLimit(10_000));
  const body = await jsonOf(response.clone());
  const listed = isRecord(body) ? body["sessions"] : undefined;
  if (!areSessions(listed)) throw await problemIn(response);
  return listed;
}

/**
 * Ends one of the account's sessions, in any browser. Throws like `call`; 404 `session_unknown` if it has already
 * ended.
 */
export async function endSession(id: string): Promise<void> {
  const path = `/auth/sessions/${encodeURIComponent(id)}`;
  const response = await request(path, { method: "DELETE", ...timeLimit(20_000) });
  if (!response.ok) throw await problemIn(response);
}

/**
 * Calls the listener once when this browser's session has ended, wherever the sign-out began. Starts watching the
 * session; returns a function that stops it.
 */
export function onSignedOut(listener: (signedOut: SignedOut) => void): () => void {
  return onSession((status) => {
    if (status.state === "signed-out" && status.signedOut !== undefined) listener(status.signedOut);
  });
}
