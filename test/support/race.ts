import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import type { Gate as StoreGate, OperationKind, When } from "@entra-functions-bff/cosmos-endpoint";
import { homeAccountId } from "@entra-functions-bff/identity-provider/people";
import { accountKeyOf } from "../../shared/account/document.ts";
import type { Answer, Client } from "./http-client.ts";
import { logoutToken, sendLogoutToken, subjectOf } from "./logout-token.ts";
import { serviceHeaders } from "./service.ts";
import { frontChannel, sidOf } from "./sign-out.ts";
import { accountDocument, startFresh, untilRequestsTakenUp } from "./store.ts";
import { ownForm, sessionCookie, sessionOf, type World } from "./world.ts";

export const ada = "ada@contoso.example";

/** For the administrator's routes of a world that is started with {@link administratorSettings}. */
const functionKey = "a-function-key-of-the-tests";
export const administratorSettings = { FunctionsHost__FunctionKey: functionKey };
export const administratorHeaders = { "x-functions-key": functionKey };

/**
 * Another tab of the same browser as it is now, talking to the given instance. Cookies set later are its own until they
 * are shared.
 */
export function tabOf(world: World, browser: Client, instance: number): Client {
  const tab = world.client(instance);
  shareCookies(browser, tab);
  return tab;
}

/** What one tab of a browser was given, the other has too. */
export function shareCookies(from: Client, to: Client): void {
  for (const host of ["localhost", "127.0.0.1"]) {
    for (const [name, value] of from.cookies(host)) to.setCookie(host, name, value);
  }
}

/** A browser that holds nothing but a copy of a session cookie. */
export function holderOf(world: World, cookie: string, instance: number): Client {
  const thief = world.client(instance);
  thief.setCookie("localhost", sessionCookie, cookie);
  return thief;
}

/** Ada's sign-in, whatever becomes of it. */
export async function login(client: Client): Promise<Answer> {
  return client.navigate(`/auth/login?loginHint=${ada}&returnUrl=/healthz`);
}

export async function callApi(client: Client): Promise<Answer> {
  return client.fetch("/api/graph/me");
}

export interface HeldRequests {
  readonly kind: OperationKind | readonly OperationKind[];
  readonly container?: "accounts" | "sids";
  readonly when: When;
  readonly times?: number;
}

/** A gate at which requests wait for the test. */
export interface Hold {
  /** Resolves when `count` requests (default 1) have arrived. Rejects when that takes longer than the app would wait. */
  reached(count?: number): Promise<void>;
  /** Lets the request go that has been held longest; at the token endpoint, all of them. */
  release(): void;
}

/** Holds requests at the store. They go on when the test ends, however it ends. */
export function holdStore(
  test: TestContext,
  world: World,
  held: HeldRequests,
): Hold & Pick<StoreGate, "releaseAll" | "held"> {
  const { kind, container = "accounts", when, times = 1 } = held;
  const gate = world.cosmos.faults.gate({ match: { kind, container }, times, when });
  test.after(() => {
    gate.releaseAll();
  });
  return {
    reached: async (count) => inTime(gate.reached(count), `${kind.toString()} in ${container}`),
    release: () => {
      gate.release();
    },
    releaseAll: () => {
      gate.releaseAll();
    },
    get held() {
      return gate.held;
    },
  };
}

export interface LostAnswer {
  /** Resolves when the operation is done and its answer is about to be sent. */
  reached(): Promise<void>;
  /** Cuts the connection instead of answering. */
  cut(): void;
}

/** The next such operation is done, but its answer is lost on the way, when the test says so. */
export function loseAnswer(test: TestContext, world: World, held: Omit<HeldRequests, "when" | "times">): LostAnswer {
  const { kind, container = "accounts" } = held;
  const done = holdStore(test, world, { ...held, when: "after" });
  const lost = world.cosmos.faults.add({ match: { kind, container }, fault: { type: "hang", when: "after" } });
  return {
    async reached() {
      await done.reached();
      // From one hold straight into the other, before any other request can get there.
      done.release();
    },
    cut: () => {
      lost.remove();
    },
  };
}

/** Holds every request at the token endpoint until released, or until the test ends. */
export function holdTokens(test: TestContext, world: World, grantType?: "refresh_token"): Hold {
  const gate = world.identityProvider.controls.gate("token", grantType && { grantType });
  test.after(() => {
    gate.release();
  });
  return {
    reached: async (count) => inTime(gate.reached(count), "request at the token endpoint"),
    release: () => {
      gate.release();
    },
  };
}

/** Much longer than the app gives any request: what has not arrived by then never will. */
const longestWaitMs = 30_000;

async function inTime(arrival: Promise<void>, what: string): Promise<void> {
  const tooLate = Promise.withResolvers<never>();
  const timer = setTimeout(() => tooLate.reject(new Error(`There was no ${what}`)), longestWaitMs);
  try {
    await Promise.race([arrival, tooLate.promise]);
  } finally {
    clearTimeout(timer);
    // The gate rejects when the test ends without it.
    arrival.catch(() => undefined);
  }
}

/** How the identity provider signs Ada out of a session, asked of an instance. By subject only where it announces that. */
export const byProvider: Readonly<Record<string, (world: World, sid: string, instance: number) => Promise<Answer>>> = {
  "front-channel": (world, sid, instance) => frontChannel(world.client(instance), `sid=${encodeURIComponent(sid)}`),
  "logout token with the sid": async (world, sid, instance) =>
    sendLogoutToken(world, await logoutToken(world, { sid }), { instance }),
  "logout token with the subject": async (world, _sid, instance) =>
    sendLogoutToken(world, await logoutToken(world, { sub: subjectOf(world, ada) }), { instance }),
};

/** The `sid` that the identity provider names to the callback. */
export function sidIn(callback: URL): string {
  return callback.searchParams.get("session_state") ?? assert.fail("The provider names no session");
}

/**
 * Asks for a sign-out while the store answers nothing.
 * @returns the order that the app leaves to the queue
 */
export async function duringOutage(
  world: World,
  signOut: () => Promise<{ status: number; body: string }>,
): Promise<unknown> {
  const fault = { type: "status", status: 503 } as const;
  const outage = world.cosmos.faults.add({ match: {}, times: Number.MAX_SAFE_INTEGER, fault });
  const answer = await signOut();
  await untilRequestsTakenUp(world);
  outage.remove();
  assert.equal(answer.status, 503, answer.body);
  return world.deferred.at(-1);
}

/** A sign-out, by what it is begun with. Resolves when it is acknowledged. */
export interface SignOutWay {
  readonly name: string;
  readonly signOut: (world: World, browser: Client) => Promise<void>;
}

/**
 * The ways to sign Ada out, each of them on the second instance. By subject only where the identity provider announces
 * back-channel sign-out before she signs in.
 */
export const waysOut: readonly SignOutWay[] = [
  { name: "in the app, from another tab", signOut: signOutInTab },
  { name: "at the identity provider, by sid", signOut: signOutBySid },
  {
    name: "by the identity provider's server, by sid",
    signOut: (world) => signOutByToken(world, { sid: sidOf(world, ada) }),
  },
  {
    name: "by the identity provider's server, by subject",
    signOut: (world) => signOutByToken(world, { sub: subjectOf(world, ada) }),
  },
  { name: "everywhere, from the list of sessions", signOut: signOutEverywhere },
  { name: "by an administrator", signOut: purgeAda },
  { name: "by a service that erases the account", signOut: eraseAda },
];

export async function signOutInTab(world: World, browser: Client): Promise<void> {
  const posted = await tabOf(world, browser, 1).fetch("/auth/logout", ownForm(world.publicBaseUrl));
  assert.equal(posted.status, 303, posted.body);
}

export async function signOutBySid(world: World): Promise<void> {
  const answer = await frontChannel(world.client(1), `sid=${sidOf(world, ada)}`);
  assert.equal(answer.status, 200, answer.body);
}

async function signOutByToken(world: World, whom: { sid: string } | { sub: string }): Promise<void> {
  const answer = await sendLogoutToken(world, await logoutToken(world, whom), { instance: 1 });
  assert.equal(answer.status, 200, answer.body);
}

async function signOutEverywhere(world: World, browser: Client): Promise<void> {
  const ask = { ...ownForm(world.publicBaseUrl), method: "DELETE" };
  assert.equal((await tabOf(world, browser, 1).fetch("/auth/sessions", ask)).status, 204);
}

function homeAccountIdOfAda({ identityProvider }: World): string {
  const person = identityProvider.people.find(({ preferredUsername }) => preferredUsername === ada);
  return person ? homeAccountId(person) : assert.fail("There is no Ada");
}

export function accountKeyOfAda(world: World): string {
  return accountKeyOf(new URL(world.identityProvider.instance).host, homeAccountIdOfAda(world));
}

export async function purgeAda(world: World): Promise<void> {
  const target = `/auth/accounts/${homeAccountIdOfAda(world)}`;
  const answer = await world.client(1).fetch(target, { method: "DELETE", headers: administratorHeaders });
  assert.equal(answer.status, 200, answer.body);
}

/** A service asks the second instance for something about Ada's account. */
export async function askOfAda(world: World, method: string, what: string): Promise<Answer> {
  const target = `/auth/accounts/${homeAccountIdOfAda(world)}/${what}`;
  return world.client(1).fetch(target, { method, headers: await serviceHeaders(world) });
}

async function eraseAda(world: World): Promise<void> {
  const answer = await askOfAda(world, "DELETE", "records");
  assert.equal(answer.status, 200, answer.body);
}

/** What every caller that comes too late gets. */
export function assertSignInRequired(answer: Answer): void {
  assert.equal(answer.status, 401, answer.body);
  assert.equal(answer.json()["code"], "signin_required");
}

/** No instance accepts the cookie any more, and none has called an API for it. */
export async function assertUseless(world: World, cookie: string): Promise<void> {
  const { length } = world.downstreamApi.requests;
  for (const instance of world.instances.keys()) {
    const holder = holderOf(world, cookie, instance);
    assertSignInRequired(await holder.fetch("/auth/me"));
    assertSignInRequired(await callApi(holderOf(world, cookie, instance)));
  }
  assert.equal(world.downstreamApi.requests.length, length, "A token of a signed-out session was used");
}

export async function assertWorks(client: Client): Promise<void> {
  const answer = await callApi(client);
  assert.equal(answer.status, 200, answer.body);
}

export async function assertNoDocument(world: World, accountKey: string): Promise<void> {
  assert.equal(await accountDocument(world, accountKey), undefined, "The deleted document is there again");
}

/** The document holds as many sessions as there are browsers given, and each browser's cookie opens one. */
export async function assertOnlySessions(world: World, browsers: readonly Client[]): Promise<void> {
  const [first] = browsers;
  assert.ok(first);
  const document = await accountDocument(world, sessionOf(first).accountKey);
  assert.equal(Object.keys(document?.sessions ?? {}).length, browsers.length);
  for (const browser of browsers) await assertWorks(browser);
}

/** An empty store, and sign-ins whose access tokens have to be renewed at the next call. */
export async function startWithShortTokens(world: World): Promise<void> {
  await startFresh(world);
  world.identityProvider.controls.rotateRefreshTokens = false;
  // MSAL renews five minutes before the end.
  world.identityProvider.controls.accessTokenLifetimeSeconds = 60;
}
