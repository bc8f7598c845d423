import { notificationUrlOf, subscriptionLifetimeMs, type DirectoryState } from "../account/directory-state.ts";
import type { App, Invocation } from "../app/app.ts";
import type { DirectoryConfiguration } from "../configuration/directory.ts";
import { isRecord, randomBase64Url, sha256Base64Url } from "../core/encoding.ts";
import { GraphError } from "./errors.ts";
import { askGraph, type GraphAnswer } from "./graph.ts";
import { changeState, readState } from "./state.ts";

/** Much sooner than necessary, because renewing also tells Microsoft Graph that the app still may read the directory. */
const renewAfterMs = 12 * 60 * 60_000;

/**
 * Makes sure that there is a subscription to the directory's users, and that it lives on.
 * @param isDue renews it in any case: Microsoft Graph has asked for that
 * @throws {GraphError}
 */
export async function keepSubscribed(
  app: App,
  directory: DirectoryConfiguration,
  invocation: Invocation,
  isDue = false,
): Promise<void> {
  const state = await readState(app, directory, invocation.signal);
  const isOld = app.clock.now() - Date.parse(state.renewedAt ?? "") > renewAfterMs;
  if (state.subscriptionId !== null && !isOld && !isDue) return;
  if (state.subscriptionId !== null && (await renew(app, directory, state.subscriptionId, invocation))) return;
  await subscribe(app, directory, invocation);
}

/** @returns whether there is still such a subscription */
async function renew(
  app: App,
  directory: DirectoryConfiguration,
  id: string,
  { signal, telemetry }: Invocation,
): Promise<boolean> {
  const request = { method: "PATCH", target: pathOf(id), json: { expirationDateTime: endFrom(app) } } as const;
  const answer = await askGraph(app, directory, request, signal);
  if (answer.status === 404) return false;
  expectStatus(answer, 200);
  await changeState(app, directory, (state) => confirmed(app, state, id), signal);
  telemetry.info("directory_subscribed", { outcome: "renewed" });
  return true;
}

/**
 * Subscribes anew. The secret's hash is stored first, because Microsoft Graph may notify at once. If another instance subscribes
 * at the same time, the last one that stored its hash stays.
 */
async function subscribe(
  app: App,
  directory: DirectoryConfiguration,
  { signal, telemetry }: Invocation,
): Promise<void> {
  const secret = randomBase64Url();
  const clientState = sha256Base64Url(secret);
  await changeState(app, directory, () => ({ subscriptionId: null, clientState }), signal);
  await removeOthers(app, directory, signal);
  const answer = await askGraph(
    app,
    directory,
    { method: "POST", target: "subscriptions", json: subscriptionTo(app, secret) },
    signal,
  );
  const id = expectStatus(answer, 201)["id"];
  if (typeof id !== "string") throw new GraphError("unreadable");
  const isOwn = (state: DirectoryState) => state.clientState === clientState;
  const keep = (state: DirectoryState) =>
    isOwn(state) ? { ...confirmed(app, state, id), subscriptionId: id } : undefined;
  const after = await changeState(app, directory, keep, signal);
  if (!isOwn(after)) return remove(app, directory, id, signal);
  telemetry.info("directory_subscribed", { outcome: "created" });
}

function subscriptionTo(app: App, clientState: string): object {
  const notificationUrl = notificationUrlOf(app.configuration);
  return {
    resource: "users",
    // "updated" is also what creating and deleting looks like. "deleted" is the end of the 30 days in which that can be undone.
    changeType: "updated,deleted",
    notificationUrl,
    lifecycleNotificationUrl: notificationUrl,
    expirationDateTime: endFrom(app),
    clientState,
  };
}

/** Subscriptions of this app that nobody knows any more, because an instance ended while it subscribed. */
async function removeOthers(app: App, directory: DirectoryConfiguration, signal: AbortSignal): Promise<void> {
  const own = notificationUrlOf(app.configuration);
  const found: unknown[] = [];
  for (let target: unknown = "subscriptions"; typeof target === "string";) {
    const answer = await askGraph(app, directory, { method: "GET", target }, signal);
    const { value, "@odata.nextLink": next } = expectStatus(answer, 200);
    const page: readonly unknown[] = Array.isArray(value) ? value : [];
    found.push(...page);
    target = next;
  }
  for (const { id, notificationUrl } of found.filter(isRecord)) {
    if (typeof id === "string" && notificationUrl === own) await remove(app, directory, id, signal);
  }
}

async function remove(app: App, directory: DirectoryConfiguration, id: string, signal: AbortSignal): Promise<void> {
  await askGraph(app, directory, { method: "DELETE", target: pathOf(id) }, signal);
}

function confirmed(app: App, state: DirectoryState, id: string): Partial<DirectoryState> | undefined {
  return state.subscriptionId === null || state.subscriptionId === id
    ? { renewedAt: new Date(app.clock.now()).toISOString() }
    : undefined;
}

function expectStatus({ status, body }: GraphAnswer, wantedStatus: number): Readonly<Record<string, unknown>> {
  if (status !== wantedStatus) throw new GraphError(String(status));
  return isRecord(body) ? body : {};
}

function pathOf(id: string): string {
  return `subscriptions/${encodeURIComponent(id)}`;
}

function endFrom({ clock }: App): string {
  return new Date(clock.now() + subscriptionLifetimeMs).toISOString();
}
