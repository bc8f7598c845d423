import assert from "node:assert/strict";
import { assertProblem, clearsSession, inTime } from "../../support/assertions.ts";
import type { Answer, Client } from "../../support/http-client.ts";
import { untilCallback } from "../../support/sign-in-steps.ts";
import { accountDocument } from "../../support/store.ts";
import { sessionCookie, sessionOf, signIn, type World } from "../../support/world.ts";
import type { Fault } from "@entra-functions-bff/identity-provider";

export interface Trouble {
  readonly name: string;
  readonly fault: Fault;
}

/** How an endpoint of the identity provider goes wrong. */
export const troubles: readonly Trouble[] = [
  { name: "breaks the connection", fault: { type: "reset" } },
  { name: "answers 500", fault: { type: "status", status: 500 } },
  { name: "answers 429", fault: { type: "status", status: 429 } },
  { name: "answers 503 with a page", fault: { type: "status", status: 503, body: "<!doctype html><p>Maintenance" } },
  { name: "answers 200 with something that is not JSON", fault: { type: "garbage" } },
  { name: "answers 200 with the wrong JSON", fault: { type: "status", status: 200, body: { hello: "world" } } },
  { name: "answers 200 with a JSON list", fault: { type: "status", status: 200, body: [] } },
  { name: "redirects", fault: { type: "status", status: 302, headers: { location: "http://127.0.0.1:1/" } } },
  { name: "does not answer", fault: { type: "hang" } },
];

/** The instance that is told so asks nothing for that time: others must be told by one of their own. */
export const asksForPeace: Trouble = {
  name: "answers 429 and asks to be left in peace for a minute",
  fault: { type: "status", status: 429, headers: { "retry-after": "60" } },
};

/** A person who has gone through the identity provider: the callback is all that is left of the sign-in. */
export interface Returning {
  readonly client: Client;
  readonly callback: () => Promise<Answer>;
}

/** @param instance where the callback will go; the sign-in begins at the first */
export async function returning(world: World, username: string, instance: number): Promise<Returning> {
  const beginning = world.client();
  const url = await untilCallback(beginning, username);
  const client = browserAt(world, beginning, instance);
  return { client, callback: () => client.fetch(url.href) };
}

/** A person who is signed in, and whose browser now talks to another instance. */
export async function signedIn(world: World, username: string, instance: number): Promise<Client> {
  const client = world.client();
  await signIn(client, username, "/healthz");
  return browserAt(world, client, instance);
}

/** The same browser, talking to another instance. */
export function browserAt(world: World, browser: Client, instance: number): Client {
  const moved = world.client(instance);
  for (const host of ["localhost", "127.0.0.1"]) {
    for (const [name, value] of browser.cookies(host)) moved.setCookie(host, name, value);
  }
  return moved;
}

export async function login(client: Client): Promise<Answer> {
  return client.fetch("/auth/login?returnUrl=/healthz");
}

export async function callApi(client: Client): Promise<Answer> {
  return client.fetch("/api/graph/me");
}

export async function signOut(world: World, client: Client): Promise<Answer> {
  return client.fetch("/auth/logout", { method: "POST", headers: { origin: world.publicBaseUrl } });
}

/**
 * What everybody gets who needs the identity provider: told in time, with a name and when to come again, and nothing was
 * lost.
 */
export async function assertUnavailable(asked: () => Promise<Answer>, trouble?: Trouble): Promise<void> {
  const answer = await inTime(asked);
  assertProblem(answer, 503, "identity_provider_unavailable");
  const times = trouble === asksForPeace ? /^(60|[345]\d)$/ : /^2$/;
  assert.match(String(answer.headers["retry-after"]), times);
  assert.ok(!clearsSession(answer), "The session must be kept");
}

/** As above, and that no session has come of it. */
export async function assertNotSignedIn({ client, callback }: Returning, trouble?: Trouble): Promise<void> {
  await assertUnavailable(callback, trouble);
  assert.equal(client.cookies("localhost").get(sessionCookie), undefined);
}

/** The account is signed out here, and the browser is told where that ended. */
export async function assertSignedOut(world: World, client: Client, leadsTo: RegExp): Promise<void> {
  const { accountKey } = sessionOf(client);
  const answer = await inTime(() => signOut(world, client));
  assert.equal(answer.status, 303, answer.body);
  assert.match(answer.headers.location ?? "", leadsTo);
  assert.ok(clearsSession(answer));
  assert.equal(await accountDocument(world, accountKey), undefined);
}
