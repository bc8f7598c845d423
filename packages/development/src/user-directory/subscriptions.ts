import { randomUUID } from "node:crypto";
import { isObject } from "../graph/checks.ts";
import { badRequest, GraphError, notFound } from "../graph/errors.ts";

/** https://learn.microsoft.com/graph/api/resources/subscription */
export interface Subscription {
  readonly id: string;
  readonly resource: string;
  readonly changeType: string;
  readonly notificationUrl: string;
  readonly lifecycleNotificationUrl: string | null;
  readonly expirationDateTime: string;
  readonly clientState: string;
}

/** Minutes for which a subscription to users may live at most, and at least. */
const lifetime = { atMost: 41_760, atLeast: 45 };
const handshakeTimeoutMs = 10_000;

type Body = Readonly<Record<string, unknown>>;

/** @throws {GraphError} for what Microsoft Graph refuses, also if the address does not answer the handshake */
export async function newSubscription(body: Body): Promise<Subscription> {
  const { resource, changeType, notificationUrl, lifecycleNotificationUrl = null, clientState } = body;
  if (typeof resource !== "string" || resource.replace(/^\//, "") !== "users") {
    throw badRequest(`Resource '${String(resource)}' is not supported here.`);
  }
  if (!/^(updated|deleted)(,(updated|deleted))?$/.test(String(changeType))) {
    throw badRequest("Subscriptions to users support the change types updated and deleted.");
  }
  if (typeof clientState !== "string" || clientState.length > 128) throw badRequest("clientState is too long.");
  const expirationDateTime = expirationIn(body);
  await shakeHands(notificationUrl);
  if (lifecycleNotificationUrl !== null) await shakeHands(lifecycleNotificationUrl);
  return {
    id: randomUUID(),
    resource,
    changeType: String(changeType),
    notificationUrl: String(notificationUrl),
    lifecycleNotificationUrl: typeof lifecycleNotificationUrl === "string" ? lifecycleNotificationUrl : null,
    expirationDateTime,
    clientState,
  };
}

/** As answers show it: the secret is not among it. */
export function shown(subscription: Subscription): object {
  return { ...subscription, clientState: null };
}

export function renewed(subscriptions: Map<string, Subscription>, id: string, body: Body): Subscription {
  const known = subscriptions.get(id);
  if (!known) throw notFound(id);
  const changed = { ...known, expirationDateTime: expirationIn(body) };
  subscriptions.set(id, changed);
  return changed;
}

function expirationIn(body: Body): string {
  const { expirationDateTime } = isObject(body) ? body : {};
  const minutes = (Date.parse(String(expirationDateTime)) - Date.now()) / 60_000;
  if (!(minutes > 0 && minutes <= lifetime.atMost)) {
    throw badRequest(`Subscription expiration can only be ${lifetime.atMost} minutes in the future.`);
  }
  return new Date(Date.now() + Math.max(minutes, lifetime.atLeast) * 60_000).toISOString();
}

/** The address must send the token back, decoded, as text (change-notifications-delivery-webhooks, "notificationUrl validation"). */
async function shakeHands(address: unknown): Promise<void> {
  const url = URL.parse(String(address));
  const isLocal = url?.protocol === "http:" && ["localhost", "127.0.0.1"].includes(url.hostname);
  if (!url || (url.protocol !== "https:" && !isLocal)) throw badRequest("The notification URL must be https.");
  const token = `Validation: Testing client application reachability for subscription Request-Id: ${randomUUID()} 100%+`;
  url.searchParams.set("validationToken", token);
  const init = { method: "POST", headers: { "content-type": "text/plain; charset=utf-8" } };
  const answer = await fetch(url, { ...init, signal: AbortSignal.timeout(handshakeTimeoutMs) }).catch(() => {
    throw failed("The notification endpoint did not answer.");
  });
  const isText = /^text\/plain\b/.test(answer.headers.get("content-type") ?? "");
  if (answer.status !== 200 || !isText || (await answer.text()) !== token) {
    throw failed("Notification endpoint must respond with 200 OK to validation request.");
  }
}

function failed(why: string): GraphError {
  return new GraphError(400, "ValidationError", `Subscription validation request failed. ${why}`);
}
