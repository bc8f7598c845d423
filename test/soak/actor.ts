import { setTimeout as sleep } from "node:timers/promises";
import type { AccountDocument } from "../../shared/account/document.ts";
import type { FaultHandle } from "@entra-functions-bff/cosmos-endpoint";
import type { Person } from "@entra-functions-bff/identity-provider";
import type { Answer, Client } from "../support/http-client.ts";
import { sessionCookie } from "../support/world.ts";
import { call } from "./calls.ts";
import { beginFinish } from "./finishing.ts";
import { now } from "./history.ts";
import { leave, type Leaver } from "./leaving.ts";
import type { Action, Step, WayOut } from "./plan.ts";
import {
  createBrowser,
  holderOf,
  keyOfCookie,
  timed,
  type KnownSession,
  type SoakBrowser,
  type Stage,
} from "./stage.ts";

/** One browser and the people who use it. Takes its steps one after the other, beside all the other browsers. */
export interface Actor {
  readonly stage: Stage;
  readonly browser: SoakBrowser;
  /** The first is whose browser it is; the others use it now and then. */
  readonly people: readonly Person[];
}

export function createActor(stage: Stage, people: readonly Person[]): Actor {
  return { stage, browser: createBrowser(stage.world), people };
}

export async function act(actor: Actor, steps: readonly Step[]): Promise<void> {
  for (const step of steps) {
    makeTrouble(actor.stage, step);
    const before = currentSession(actor);
    const outage = before && step.isDuringOutage ? stopStoreFor(actor.stage, before, step) : undefined;
    await take(actor, step);
    outage?.remove();
    if (before && currentSession(actor) !== before) actor.stage.retired.push(before);
    if (step.pauseMs > 0) await sleep(step.pauseMs);
  }
}

function makeTrouble({ world }: Stage, { action, trouble: { store, token, lifetimeSeconds, rotation } }: Step): void {
  const { controls } = world.identityProvider;
  if (store) {
    const { kind, container, fault, times } = store;
    world.cosmos.faults.add({ match: { ...(kind && { kind }), ...(container && { container }) }, times, fault });
  }
  if (token) {
    const { fault, when } = token;
    const grantType = action.kind === "sign_in" ? "authorization_code" : "refresh_token";
    controls.failNext("token", fault, 1, { when, grantType });
  }
  if (rotation !== undefined) controls.rotateRefreshTokens = rotation;
  if (lifetimeSeconds !== undefined) controls.accessTokenLifetimeSeconds = lifetimeSeconds;
}

/** What leads to the account, or the account itself, can neither be read nor written until that is removed. */
function stopStoreFor(stage: Stage, { account, sid }: KnownSession, { choice }: Step): FaultHandle {
  const id = choice < 0.3 ? stage.sidKeyOf(sid) : account;
  const fault = { type: "status", status: 503 } as const;
  return stage.world.cosmos.faults.add({ match: { id }, times: Number.MAX_SAFE_INTEGER, fault });
}

function currentSession({ stage, browser }: Actor): KnownSession | undefined {
  return browser.cookie === undefined ? undefined : stage.sessions.get(keyOfCookie(browser.cookie));
}

async function take(actor: Actor, step: Step): Promise<void> {
  const { action } = step;
  if (action.kind === "old_cookie") return tryOldCookie(actor, step);
  if (action.kind === "finish") return beginFinish(actor.stage);
  const session = currentSession(actor);
  if (action.kind === "sign_in") return signIn(actor, step, personFor(actor, step, action.asSomebodyElse));
  if (!session) return signIn(actor, step, personFor(actor, step, false));
  return use(actor, step, session, action);
}

async function use(
  actor: Actor,
  step: Step,
  session: KnownSession,
  action: Exclude<Action, { kind: "sign_in" | "old_cookie" | "finish" }>,
): Promise<void> {
  const { stage, browser } = actor;
  const tab = browser.tab(step.instance);
  const person = actor.people.find(({ oid }) => oid === session.owner);
  switch (action.kind) {
    case "call":
    case "me":
      await call(stage, tab, session, action.kind === "call" ? "api" : "me");
      return browser.keep(tab);
    case "burst":
      return callAtOnce(actor, step, session, action.calls);
    case "forget_cookie":
      return browser.forget("app");
    case "sign_out":
      if (person) await leave(stage, action.way, { tab, session, person, choice: step.choice });
      browser.keep(tab);
      // The `sid` is signed out, but not the browser at the identity provider: it may come back under the same `sid`.
      if (!leavesProvider.has(action.way) && step.choice < 0.5) browser.forget("others");
      return;
    case "two_tabs":
      if (person) await signInAndOut(actor, step, action.way, { tab, session, person, choice: step.choice });
      return;
    case "expire":
      return expire(stage, session);
    case "revoke":
      if (person) stage.world.identityProvider.controls.revokeRefreshTokens(person);
      stage.entries.push({ kind: "revocation", account: session.account, from: now(), to: now() });
  }
}

/** The others leave the browser signed in there. */
const leavesProvider: ReadonlySet<WayOut> = new Set([
  "app",
  "app_and_provider",
  "app_everywhere",
  "provider_page",
  "second_app",
  "list_one",
  "list_all",
  "administrator",
]);

function personFor({ people }: Actor, { choice }: Step, asSomebodyElse: boolean): Person {
  const others = people.slice(1);
  const person = asSomebodyElse ? others[Math.floor(choice * others.length)] : people[0];
  if (!person) throw new Error("Nobody uses this browser");
  return person;
}

async function signIn({ stage, browser }: Actor, { instance }: Step, person: Person): Promise<void> {
  const tab = browser.tab(instance);
  const { status } = await signInWith(stage, tab, person, browser.cookie);
  browser.keep(tab);
  // The `sid` was signed out: only a new one lets this browser in again.
  if (status === 403) browser.forget("others");
}

/** @param previous the session cookie that `tab` has until now */
async function signInWith(stage: Stage, tab: Client, person: Person, previous: string | undefined): Promise<Answer> {
  const account = stage.accountOf(person);
  const query = `loginHint=${person.preferredUsername}&returnUrl=/healthz`;
  let begunBy = 0;
  const { result, span } = await timed(async () => {
    const { headers, status } = await tab.fetch(`/auth/login?${query}`);
    begunBy = now();
    if (headers.location === undefined) throw new Error(`A sign-in could not be begun: ${status}`);
    return tab.navigate(headers.location);
  });
  const callback = result.trail.find(({ url }) => url.includes("/auth/callback?"));
  if (!callback) throw new Error(`A sign-in ended with ${result.status} at ${result.url}`);
  const sid = new URL(callback.url).searchParams.get("session_state") ?? "";
  stage.sids.set(sid, account);
  const cookie = tab.cookies("localhost").get(sessionCookie);
  const isNew = callback.status === 302 && cookie !== undefined && cookie !== previous;
  const key = isNew ? keyOfCookie(cookie) : undefined;
  if (isNew && key !== undefined) stage.sessions.set(key, { key, account, owner: person.oid, cookie, sid });
  const replaces = previous === undefined ? undefined : keyOfCookie(previous);
  const { status } = callback;
  stage.entries.push({ kind: "sign_in", ...span, begunBy, account, session: key, sid, replaces, status });
  return callback;
}

async function signInAndOut({ stage, browser }: Actor, { instance }: Step, way: WayOut, leaver: Leaver): Promise<void> {
  const other = browser.tab(instance + 1);
  const arriving = signInWith(stage, other, leaver.person, browser.cookie);
  await Promise.all([arriving, leave(stage, way, leaver)]);
  browser.keep(other);
  browser.forget("others");
}

async function tryOldCookie({ stage }: Actor, { instance, choice }: Step): Promise<void> {
  const session = stage.retired[Math.floor(choice * stage.retired.length)];
  if (session) await call(stage, holderOf(stage.world, session, instance), session, choice < 0.5 ? "api" : "me");
}

/** Several requests of one page, each at another instance. */
async function callAtOnce({ stage, browser }: Actor, { instance }: Step, session: KnownSession, count: number) {
  const calls = Array.from({ length: count }, (_, index) => {
    return call(stage, holderOf(stage.world, session, instance + index), session, "api");
  });
  const answers = await Promise.all(calls);
  if (answers.some(({ status }) => status === 401)) browser.forget("app");
}

/** Ends a session's absolute lifetime in the document, as if time had passed. */
async function expire(stage: Stage, session: KnownSession): Promise<void> {
  const { result, span } = await timed(() => writeExpiry(stage, session).catch(() => "unknown" as const));
  const { account, key } = session;
  if (result === "gone") return;
  stage.entries.push({ kind: "expiry", ...span, account, session: key, acknowledged: result === "written" });
}

async function writeExpiry({ world }: Stage, { account, key }: KnownSession): Promise<"written" | "gone"> {
  const item = world.accounts.item(account, account);
  const { resource: document, etag } = await item.read<AccountDocument>();
  const session = document?.sessions[key];
  if (!document || !session) return "gone";
  const sessions = { ...document.sessions, [key]: { ...session, expiresAt: new Date(0).toISOString() } };
  const accessCondition = { type: "IfMatch", condition: etag };
  await item.replace({ ...document, sessions }, { accessCondition });
  return "written";
}
