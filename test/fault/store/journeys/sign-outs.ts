import assert from "node:assert/strict";
import { successionKeyOf } from "../../../../shared/account/succession.ts";
import type { Answer } from "../../../support/http-client.ts";
import { logoutToken, sendLogoutToken } from "../../../support/logout-token.ts";
import { frontChannel } from "../../../support/sign-out.ts";
import { accountDocument } from "../../../support/store.ts";
import { ownForm, sessionCookie } from "../../../support/world.ts";
import {
  assertCookieOpens,
  assertDeferred,
  outcomeOf,
  type Journey,
  type Scene,
  type StoreOperation,
} from "../scene.ts";
import { neighbourKey, type SeedOptions, type Seeded, type Stage } from "../stage.ts";
import { accountInWords, sidInWords } from "../words.ts";

const readAccount: StoreOperation = { kind: "read", container: "accounts" };
const deleteAccount: StoreOperation = { kind: "delete", container: "accounts" };
const replaceAccount: StoreOperation = { kind: "replace", container: "accounts" };
const inSids = (kind: StoreOperation["kind"]): StoreOperation => ({ kind, container: "sids" });
/** An operation about the entry of the `sid`, where others are about that of the person. */
export const entryOfSession = "entry of a session";
const byKnownSid = [inSids("read"), inSids("replace"), readAccount, deleteAccount];

/** Ways out that begin at this app. */
export const signOutsHere: readonly Journey[] = [
  {
    title: "Signing out in the app",
    what: "`POST /auth/logout`.",
    operations: [readAccount, deleteAccount],
    setUp: (stage) => leaving(stage, { neighbour: true }, (own) => post(stage, own, "POST", "/auth/logout")),
  },
  {
    title: "Signing out with the cookie of another account's earlier session",
    what: "The browser has just changed to another account, and its new cookie is still under way. The new account's session ends.",
    operations: [
      { ...readAccount, of: "earlier account", findsNothing: true },
      { ...inSids("read"), of: "note about the earlier session" },
      readAccount,
      deleteAccount,
    ],
    setUp: leavingWithEarlierCookie,
  },
  {
    title: "Ending another browser's session",
    what: "`DELETE /auth/sessions/{id}`, from the list of sessions.",
    operations: [readAccount, replaceAccount],
    setUp: (stage) => endingNeighbour(stage, (own) => post(stage, own, "DELETE", `/auth/sessions/${neighbourKey}`)),
  },
  {
    title: "Ending all sessions",
    what: "`DELETE /auth/sessions`.",
    operations: [readAccount, deleteAccount],
    setUp: (stage) => leaving(stage, { neighbour: true }, (own) => post(stage, own, "DELETE", "/auth/sessions")),
  },
  {
    title: "Purging an account",
    what: "`DELETE /auth/accounts/{homeAccountId}`, by an administrator's program.",
    operations: [inSids("read"), inSids("create"), readAccount, deleteAccount],
    setUp: (stage) => leaving(stage, { neighbour: true }, (own) => purge(stage, own), { ofPerson: true }),
  },
];

/** Ways out that begin at the identity provider. */
export const signOutsElsewhere: readonly Journey[] = [
  {
    title: "Signing out at the identity provider",
    what: "`GET /auth/frontchannel-logout`, with the `sid` alone.",
    operations: byKnownSid,
    setUp: (stage) => leaving(stage, { neighbour: true }, (own) => bySid(stage, own), { withSid: true }),
  },
  {
    title: "Signing out at the identity provider, before the sign-in has claimed its `sid`",
    what: "The callback that is still under way finds the mark and is refused; the session goes with it.",
    operations: [inSids("create")],
    setUp: (stage) => tooEarly(stage),
  },
  {
    title: "Signing out by a logout token",
    what: "`POST /auth/backchannel-logout`.",
    operations: byKnownSid,
    setUp: (stage) => leaving(stage, { neighbour: true }, (own) => byLogoutToken(stage, own), { withSid: true }),
  },
];

/** An account with two sessions is signed out. */
export async function leaving(
  stage: Stage,
  options: SeedOptions,
  act: (own: Seeded) => Promise<Answer>,
  { withSid = false, ofPerson = false }: { withSid?: boolean; ofPerson?: boolean } = {},
): Promise<Scene> {
  const own = await stage.seed(options);
  const { accountKey, sidKey, client } = own;
  const words = () => accountInWords(stage.world, accountKey, { own });
  return {
    accountKey,
    idOf: ({ container, of }) => {
      if (container === "accounts") return accountKey;
      return ofPerson && of !== entryOfSession ? stage.personKey(own) : sidKey;
    },
    act: async () => outcomeOf(await act(own)),
    stored: async () => (withSid ? `${await words()}; ${await sidInWords(stage.world, sidKey, accountKey)}` : words()),
    async verify(outcome) {
      assertDeferred(stage, [accountKey, sidKey], outcome);
      const document = await accountDocument(stage.world, accountKey);
      if ((outcome.answer?.status ?? 500) < 400) assert.equal(document, undefined, "acknowledged, and not done");
      const hasCookie = client.cookies("localhost").has(sessionCookie);
      await assertCookieOpens(client, hasCookie && document !== undefined);
    },
    storedInTheEnd: "no account",
  };
}

async function leavingWithEarlierCookie(stage: Stage): Promise<Scene> {
  const earlier = await stage.seed();
  await stage.world.accounts.item(earlier.accountKey, earlier.accountKey).delete();
  const own = await stage.seed();
  const { accountKey, sessionKey } = own;
  const note = {
    id: successionKeyOf(earlier.sessionKey),
    accountKey,
    sessionKey,
    signedOutAt: new Date().toISOString(),
    ttl: 3600,
  };
  await stage.world.sids.items.create({ ...note, writeId: "seed" });
  return {
    accountKey,
    earlierAccountKey: earlier.accountKey,
    idOf: ({ container, of }) => (container === "sids" ? note.id : of === undefined ? accountKey : earlier.accountKey),
    act: async () => outcomeOf(await post(stage, earlier, "POST", "/auth/logout")),
    stored: () => accountInWords(stage.world, accountKey, { own }),
    async verify(outcome) {
      assertDeferred(stage, [accountKey, earlier.accountKey], outcome);
      const document = await accountDocument(stage.world, accountKey);
      if (outcome.answer?.status === 200) assert.equal(document, undefined, "acknowledged, and not done");
      await assertCookieOpens(own.client, document !== undefined);
    },
    storedInTheEnd: "no account",
  };
}

/** The document is written, the index is not. */
async function tooEarly(stage: Stage): Promise<Scene> {
  const own = await stage.seed({ indexed: false });
  const { accountKey, sidKey } = own;
  const stored = async () => {
    const words = [accountInWords(stage.world, accountKey, { own }), sidInWords(stage.world, sidKey, accountKey)];
    return (await Promise.all(words)).join("; ");
  };
  return {
    accountKey,
    idOf: () => sidKey,
    act: async () => outcomeOf(await bySid(stage, own)),
    stored,
    async verify(outcome) {
      assertDeferred(stage, [accountKey, sidKey], outcome);
      if (outcome.answer?.status !== 200) return;
      const words = await sidInWords(stage.world, sidKey, accountKey);
      assert.equal(words, "sid signed out", "acknowledged, and not marked");
    },
    storedInTheEnd: "the session; sid signed out",
  };
}

export async function endingNeighbour(stage: Stage, act: (own: Seeded) => Promise<Answer>): Promise<Scene> {
  const own = await stage.seed({ neighbour: true });
  const { accountKey, sidKey, client } = own;
  return {
    accountKey,
    idOf: () => accountKey,
    act: async () => outcomeOf(await act(own)),
    stored: () => accountInWords(stage.world, accountKey, { own }),
    async verify(outcome) {
      assertDeferred(stage, [accountKey, sidKey], outcome);
      const document = await accountDocument(stage.world, accountKey);
      const isThere = Object.hasOwn(document?.sessions ?? {}, neighbourKey);
      if (outcome.answer?.status === 204) assert.ok(!isThere, "acknowledged, and not done");
      await assertCookieOpens(client, document !== undefined);
    },
    storedInTheEnd: "the session",
  };
}

async function post({ world }: Stage, { client }: Seeded, method: string, path: string): Promise<Answer> {
  const { headers } = ownForm(world.publicBaseUrl);
  return client.fetch(path, { method, headers: { ...headers, accept: "application/json" } });
}

async function bySid({ world }: Stage, { sid }: Seeded): Promise<Answer> {
  return frontChannel(world.client(), `sid=${encodeURIComponent(sid)}`);
}

async function byLogoutToken({ world }: Stage, { sid }: Seeded): Promise<Answer> {
  return sendLogoutToken(world, await logoutToken(world, { sid }));
}

async function purge({ world }: Stage, { homeAccountId }: Seeded): Promise<Answer> {
  const headers = { "x-functions-key": world.platform.administratorKey };
  return world.client().fetch(`/auth/accounts/${homeAccountId}`, { method: "DELETE", headers });
}
