import assert from "node:assert/strict";
import { successorOf, type AccountDocument, sessionKeyOf } from "../../../../shared/account/document.ts";
import { successionKeyOf } from "../../../../shared/account/succession.ts";
import type { Client } from "../../../support/http-client.ts";
import { frontChannel } from "../../../support/sign-out.ts";
import { untilCallback } from "../../../support/sign-in-steps.ts";
import { accountDocument } from "../../../support/store.ts";
import { sessionCookie } from "../../../support/world.ts";
import { assertCookieOpens, outcomeOf, type Journey, type Scene, type StoreOperation } from "../scene.ts";
import { neighbourKey, type Newcomer, type Seeded, type Stage } from "../stage.ts";
import { accountInWords, sidInWords, type Known } from "../words.ts";

const inAccounts = (kind: StoreOperation["kind"], of?: string): StoreOperation => {
  return { kind, container: "accounts", ...(of !== undefined && { of }) };
};
const inSids = (kind: StoreOperation["kind"], of?: string): StoreOperation => {
  return { kind, container: "sids", ...(of !== undefined && { of }) };
};
const noteOfEarlier = "note about the earlier session";
const markOfAccount = "mark of the account";
const endOfEarlier = "to end the earlier session";

/** `/auth/callback` with a good code. A sign-in that fails leaves nothing that anybody could use. */
export const signIns: readonly Journey[] = [
  {
    title: "Signing in",
    what: "`/auth/callback`, for an account that has no document.",
    operations: [inAccounts("create"), inSids("create"), { ...inSids("read", markOfAccount), findsNothing: true }],
    setUp: async (stage) => arriving(stage, await atCallback(stage)),
  },
  {
    title: "Signing in, while another browser is signed in",
    what: "The account document exists.",
    operations: [inAccounts("replace")],
    async setUp(stage) {
      const arrival = await atCallback(stage);
      const other = await stage.seed({ homeAccountId: arrival.homeAccountId });
      return arriving(stage, arrival, { own: other });
    },
  },
  {
    title: "Signing in again in the same browser",
    what: "The earlier session ends last; the index already has its `sid`. If ending it fails, it ends by its timeouts: the browser no longer has its cookie.",
    operations: [
      inAccounts("read"),
      inSids("read"),
      inAccounts("replace"),
      inSids("replace"),
      { ...inAccounts("replace", endOfEarlier), skip: 1 },
    ],
    async setUp(stage) {
      const arrival = await atCallback(stage);
      const { homeAccountId, client, sid } = arrival;
      const earlier = await stage.seed({ homeAccountId, client, sid });
      return arriving(stage, arrival, { own: earlier });
    },
  },
  {
    title: "Signing in as somebody else in the same browser",
    what: "The session of the browser's earlier account ends last. If ending it fails, it ends by its timeouts: the browser no longer has its cookie.",
    operations: [
      inSids("create", noteOfEarlier),
      inAccounts("read", "earlier account"),
      inAccounts("delete", "earlier account"),
    ],
    async setUp(stage) {
      const arrival = await atCallback(stage);
      const earlier = await stage.seed({ client: arrival.client });
      return arriving(stage, arrival, { other: earlier });
    },
  },
  {
    title: "Signing in under a `sid` that was another account's",
    what: "The sessions that the other account had under this `sid` end, because the identity provider could no longer reach them.",
    operations: [inAccounts("read", "other account"), inAccounts("delete", "other account")],
    async setUp(stage) {
      const arrival = await atCallback(stage);
      const other = await stage.seed({ sid: arrival.sid });
      return arriving(stage, arrival, { other });
    },
  },
];

interface Arrival extends Newcomer {
  readonly client: Client;
  readonly callback: string;
  readonly sid: string;
}

async function atCallback(stage: Stage): Promise<Arrival> {
  const newcomer = stage.newcomer();
  const client = stage.world.client();
  const callback = await untilCallback(client, newcomer.username);
  // The provider says there what the ID token will say.
  const sid = callback.searchParams.get("session_state") ?? "";
  return { ...newcomer, client, callback: callback.href, sid };
}

interface Before {
  /** A session that the account has already. */
  readonly own?: Seeded;
  /** A session of another account that the sign-in ends. */
  readonly other?: Seeded;
}

function arriving(stage: Stage, arrival: Arrival, { own, other }: Before = {}): Scene {
  const { world } = stage;
  const { client, accountKey } = arrival;
  const sidKey = stage.sidKey(arrival.sid);
  const cookieBefore = client.cookies("localhost").get(sessionCookie);
  const known = (): Known => ({ ...(own && { own }), newKey: newKeyOf(client, cookieBefore) });
  return {
    accountKey: other?.accountKey ?? accountKey,
    idOf: ({ container, of }) => {
      if (of === undefined) return container === "sids" ? sidKey : accountKey;
      if (of === endOfEarlier) return accountKey;
      if (of === markOfAccount) return stage.personKey(arrival);
      return of === noteOfEarlier ? successionKeyOf(other?.sessionKey ?? "") : (other?.accountKey ?? "");
    },
    act: async () => outcomeOf(await client.fetch(arrival.callback)),
    async stored() {
      const words = [await accountInWords(world, accountKey, known()), await sidInWords(world, sidKey, accountKey)];
      if (other) words.push(`other account: ${await accountInWords(world, other.accountKey, { own: other })}`);
      return words.join("; ");
    },
    async verify({ answer }) {
      const document = await accountDocument(world, accountKey);
      if (answer?.status === 302) return verifySignedIn(stage, arrival, document, own);
      assert.equal(newKeyOf(client, cookieBefore), undefined, "a cookie of a sign-in that failed");
      // What is left of it, at the worst, was sealed for a cookie that nobody got.
      const cookie = cookieBefore?.split(".")[1];
      if (cookie === undefined) return;
      const holder = own ?? other;
      const holding = holder && (await accountDocument(world, holder.accountKey));
      const key = sessionKeyOf(cookie);
      const isReplaced = other !== undefined || (holding !== undefined && successorOf(holding, key) !== undefined);
      await assertCookieOpens(client, Object.hasOwn(holding?.sessions ?? {}, key), isReplaced);
    },
  };
}

/** The session is the one of the cookie, works, and is within reach of a sign-out that begins elsewhere. */
async function verifySignedIn(
  stage: Stage,
  { client, sid, accountKey }: Arrival,
  document: AccountDocument | undefined,
  own: Seeded | undefined,
): Promise<void> {
  const newKey = newKeyOf(client, undefined);
  assert.ok(newKey !== undefined, "signed in without a cookie");
  // Deleted when the sign-in was complete and had not yet ended the earlier session: both are signed out.
  if (own && !document) return assertCookieOpens(client, false);
  const opened = Object.entries(document?.sessions ?? {}).filter(([key, session]) => {
    // Where the earlier session could not be ended, nobody has its cookie.
    return key !== neighbourKey && key !== own?.sessionKey && session.sid === stage.sidKey(sid);
  });
  assert.deepEqual(
    opened.map(([key]) => key),
    [newKey],
    "sessions under the sid",
  );
  await assertCookieOpens(client, true);
  const answer = await frontChannel(stage.world.client(), `sid=${encodeURIComponent(sid)}`);
  assert.equal(answer.status, 200, answer.body);
  assert.equal(await accountDocument(stage.world, accountKey), undefined, "out of reach of the identity provider");
}

/** The browser's session, if its cookie is another than before. */
function newKeyOf(client: Client, cookieBefore: string | undefined): string | undefined {
  const cookie = client.cookies("localhost").get(sessionCookie);
  return cookie === undefined || cookie === cookieBefore ? undefined : sessionKeyOf(cookie.split(".")[1] ?? "");
}
