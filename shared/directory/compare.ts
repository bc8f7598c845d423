import type { DirectoryState } from "../account/directory-state.ts";
import type { App, Invocation } from "../app/app.ts";
import type { DirectoryConfiguration } from "../configuration/directory.ts";
import { deltaPage, type DeltaPage } from "./delta.ts";
import { endByDirectory, signedInAccount } from "./end-sessions.ts";
import { changeState, readState } from "./state.ts";
import { verdictOnUser, type Verdict } from "./verdict.ts";
import { inGroups } from "./work.ts";

/** Notifications may be lost, and for users Microsoft Graph does not say so. */
const compareAfterMs = 24 * 60 * 60_000;
/** The number of accounts that are read side by side. */
const atOnce = 8;

export interface CompareOptions {
  /** Compares although the last comparison is not a day old. */
  readonly isDue?: boolean;
  /** No page is begun after it has aborted: the next run goes on there. */
  readonly until: AbortSignal;
}

/**
 * Compares the sessions with the directory, if that is due or was begun: once with all of its users, then with those that have
 * changed since (delta query). One page is in memory at a time, and the place is kept after each, so that a run may end anywhere.
 * @throws {GraphError}
 */
export async function compareWithDirectory(
  app: App,
  directory: DirectoryConfiguration,
  invocation: Invocation,
  { isDue = false, until }: CompareOptions,
): Promise<void> {
  let state = await readState(app, directory, invocation.signal);
  const isOld = !(app.clock.now() - Date.parse(state.comparedAt ?? "") < compareAfterMs);
  if (state.nextLink === null && !isOld && !isDue) return;
  const counts = { users: 0, accounts: 0 };
  do {
    const page = await deltaPage(app, directory, state, invocation);
    counts.users += page.users.length;
    counts.accounts += await checkPage(app, directory, page.users, invocation);
    state = await keepPlace(app, directory, state, page, invocation.signal);
  } while (state.nextLink !== null && !until.aborted);
  invocation.telemetry.info("directory_compared", {
    ...counts,
    outcome: state.nextLink === null ? "complete" : "goes on",
  });
}

/** @returns the number of accounts that were read */
async function checkPage(
  app: App,
  directory: DirectoryConfiguration,
  users: DeltaPage["users"],
  invocation: Invocation,
): Promise<number> {
  const concerned = users.flatMap((user) => {
    const verdict = verdictOnUser(user);
    return typeof user["id"] === "string" && mayEndAny(app, verdict) ? [{ id: user["id"], verdict }] : [];
  });
  await inGroups(concerned, atOnce, async ({ id, verdict }) => {
    const held = await signedInAccount(app, directory, id, invocation);
    if (held) await endByDirectory(app, held, verdict, invocation);
  });
  return concerned.length;
}

/** No session is older than the longest lifetime: a revocation before that concerns nobody, which spares reading the account. */
function mayEndAny(app: App, verdict: Verdict): boolean {
  if (verdict.ends !== "earlier") return verdict.ends === "everything";
  const { absoluteTimeoutMinutes } = app.configuration.session;
  return verdict.than > app.clock.now() - (absoluteTimeoutMinutes + marginMinutes) * 60_000;
}

const marginMinutes = 60;

/** If another instance has gone on meanwhile, its place counts: both have looked at these users. */
async function keepPlace(
  app: App,
  directory: DirectoryConfiguration,
  from: DirectoryState,
  { nextLink, deltaLink }: DeltaPage,
  signal: AbortSignal,
): Promise<DirectoryState> {
  const comparedAt = nextLink === null ? new Date(app.clock.now()).toISOString() : from.comparedAt;
  const isWhereItWas = (state: DirectoryState) =>
    state.nextLink === from.nextLink && state.deltaLink === from.deltaLink;
  return changeState(
    app,
    directory,
    (state) => (isWhereItWas(state) ? { nextLink, deltaLink, comparedAt } : undefined),
    signal,
  );
}
