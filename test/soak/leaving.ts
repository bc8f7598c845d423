import { homeAccountId } from "@entra-functions-bff/identity-provider/people";
import type { Person } from "@entra-functions-bff/identity-provider";
import type { Answer, Client } from "../support/http-client.ts";
import { logoutToken, sendLogoutToken } from "../support/logout-token.ts";
import { administratorHeaders } from "../support/race.ts";
import { finishSignOut, frontChannel } from "../support/sign-out.ts";
import { recordCall } from "./calls.ts";
import type { SignOutEntry, Span } from "./history.ts";
import type { WayOut } from "./plan.ts";
import { served, timed, type KnownSession, type Stage } from "./stage.ts";

/** A tab of somebody who is about to sign out. */
export interface Leaver {
  readonly tab: Client;
  readonly session: KnownSession;
  readonly person: Person;
  /** From 0 to below 1. */
  readonly choice: number;
}

/** Signs out in the given way and notes what was asked for and whether it was acknowledged. */
export async function leave(stage: Stage, way: WayOut, leaver: Leaver): Promise<void> {
  await waysOut[way](stage, leaver);
}

const waysOut: Readonly<Record<WayOut, (stage: Stage, leaver: Leaver) => Promise<unknown>>> = {
  app: leaveApp,
  app_and_provider: async (stage, leaver) => {
    const endSessionUrl = await leaveApp(stage, leaver);
    if (endSessionUrl !== undefined) await loadFrames(stage, leaver.tab, () => leaver.tab.navigate(endSessionUrl));
  },
  app_everywhere: (stage, leaver) => leaveApp(stage, leaver, "app_everywhere"),
  provider_page: async (stage, { tab }) => {
    const { publicUrl } = stage.world.identityProvider;
    const headers = { origin: publicUrl, "sec-fetch-site": "same-origin" };
    await loadFrames(stage, tab, () => tab.navigate(`${publicUrl}/signout`, { method: "POST", headers }));
  },
  second_app: async (stage, { tab }) => {
    const { url } = stage.world.secondApp;
    await tab.navigate(`${url}/sign-in`);
    const ask = { method: "POST", headers: { origin: url } };
    await loadFrames(stage, tab, () => tab.navigate(`${url}/sign-out`, ask));
  },
  front_channel: async (stage, { tab, session }) => {
    const { result, span } = await timed(() => frontChannel(tab, `sid=${session.sid}`));
    recordFrontChannel(stage, session.sid, result.status, span);
  },
  back_channel: async (stage, leaver) => {
    const { sid } = leaver.session;
    const named = { session: undefined, sid };
    await leaveByToken(stage, leaver, { origin: "back_channel", claims: { sid }, named });
  },
  back_channel_subject: async (stage, leaver) => {
    const claims = { sub: stage.subjectOf(leaver.person) };
    await leaveByToken(stage, leaver, { origin: "back_channel_subject", claims });
  },
  list_one: leaveFromList,
  list_all: async (stage, { tab, session }) => {
    const { result, span } = await timed(() => tab.fetch("/auth/sessions", ownRequest(stage, "DELETE")));
    const named = { session: session.key, sid: undefined };
    record(stage, { origin: "list_all", leaver: session, named, answer: result, span, done: 204 });
  },
  administrator: async (stage, { tab, session, person }) => {
    const target = `/auth/accounts/${homeAccountId(person)}`;
    const ask = { method: "DELETE", headers: administratorHeaders, anonymous: true };
    const { result, span } = await timed(() => tab.fetch(target, ask));
    record(stage, { origin: "administrator", leaver: session, answer: result, span, done: 200 });
  },
};

/** The app's own sign-out. @returns where it goes on, at the identity provider */
async function leaveApp(
  stage: Stage,
  { tab, session }: Leaver,
  origin: "app" | "app_everywhere" = "app",
): Promise<string | undefined> {
  const path = origin === "app" ? "/auth/logout" : "/auth/logout?everywhere=1";
  const { result, span } = await timed(() => tab.fetch(path, ownRequest(stage, "POST")));
  const named = { session: session.key, sid: session.sid };
  record(stage, { origin, leaver: session, named, answer: result, span, done: 200 });
  const url = result.status === 200 ? result.json()["endSessionUrl"] : undefined;
  return typeof url === "string" ? url : undefined;
}

async function leaveFromList(stage: Stage, { tab, session, choice }: Leaver): Promise<void> {
  const { result: list, span: listed } = await timed(() => tab.fetch("/auth/sessions"));
  if (list.status !== 200) return recordCall(stage, session, list, listed);
  const { sessions } = list.json() as { sessions: { id: string }[] };
  const ended = sessions[Math.floor(choice * sessions.length)]?.id ?? "";
  const { result, span } = await timed(() => tab.fetch(`/auth/sessions/${ended}`, ownRequest(stage, "DELETE")));
  // Somebody else was faster.
  if (result.status === 404) return;
  const named = { session: ended, sid: undefined };
  record(stage, { origin: "list_one", leaver: session, named, answer: result, span, done: 204 });
}

/** What the identity provider's server does. */
async function leaveByToken(
  stage: Stage,
  { session, choice }: Leaver,
  { claims, ...asked }: Pick<Outcome, "origin" | "named"> & { readonly claims: Readonly<Record<string, unknown>> },
): Promise<void> {
  const token = await logoutToken(stage.world, claims);
  const instance = Math.floor(choice * served);
  const { result, span } = await timed(() => sendLogoutToken(stage.world, token, { instance }));
  record(stage, { ...asked, leaver: session, answer: result, span, done: 200 });
}

function ownRequest({ world }: Stage, method: string) {
  const headers = { origin: world.publicBaseUrl, "sec-fetch-site": "same-origin", accept: "application/json" };
  return { method, headers };
}

interface Outcome {
  readonly origin: SignOutEntry["origin"];
  readonly leaver: KnownSession;
  readonly named?: { readonly session: string | undefined; readonly sid: string | undefined };
  readonly answer: Answer;
  readonly span: Span;
  /** The status that acknowledges. */
  readonly done: number;
}

function record(stage: Stage, { origin, leaver, named, answer, span, done }: Outcome): void {
  const { status } = answer;
  // Refused: the session was gone before, and nothing was signed out.
  const isByCookie = origin !== "administrator" && !origin.startsWith("back_channel");
  if (status === 401 && isByCookie) return recordCall(stage, leaver, answer, span);
  const { session, sid } = named ?? { session: undefined, sid: undefined };
  const { account } = leaver;
  stage.entries.push({
    kind: "sign_out",
    ...span,
    origin,
    account,
    session,
    sid,
    status,
    acknowledged: status === done,
  });
}

/** What the identity provider's page does: it loads the Logout URL of each app, without cookies. */
async function loadFrames(stage: Stage, tab: Client, openPage: () => Promise<Answer>): Promise<void> {
  const page = await openPage();
  const { result, span } = await timed(() => finishSignOut(tab, page));
  for (const { url, status } of result.frames) {
    const { origin, searchParams } = new URL(url);
    if (origin === stage.world.publicBaseUrl) recordFrontChannel(stage, searchParams.get("sid") ?? "", status, span);
  }
}

function recordFrontChannel(stage: Stage, sid: string, status: number, span: Span): void {
  const account = stage.sids.get(sid);
  // Of a sign-in of this browser that has not come to the app yet: its tab will know.
  if (account === undefined) return;
  const named = { session: undefined, sid };
  const acknowledged = status === 200;
  stage.entries.push({ kind: "sign_out", ...span, origin: "front_channel", account, ...named, status, acknowledged });
}
