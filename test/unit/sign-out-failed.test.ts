import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { frontChannelLogout } from "../../functions/front-channel-logout.ts";
import { logout } from "../../functions/logout.ts";
import { purge } from "../../functions/purge.ts";
import { endSession, endSessions } from "../../functions/sessions.ts";
import { sessionKeyOf } from "../../shared/account/document.ts";
import type { FunctionDefinition } from "../../shared/pipeline/handler.ts";
import { formatSessionCookie } from "../../shared/session/cookie.ts";
import { StoreUnavailableError } from "../../shared/store/errors.ts";
import { testApp, type TestApp } from "./support/app.ts";
import { tenantId } from "./support/environment.ts";
import { call, type Exchange, type Request } from "./support/http.ts";
import { isSignedIn, signIn, type OpenedSession } from "./support/sessions.ts";

const codeOf = ({ response, body }: Exchange) => [response.status, (body as { code?: string }).code];
const own = { origin: "https://app.example", "sec-fetch-site": "same-origin" };

/** Deletes and replacements fail, and reads do not: the session is found, and cannot be ended. */
function stopWrites(app: TestApp): void {
  app.memory.accounts.before = (kind) => {
    if (kind !== "read") throw new StoreUnavailableError(`${kind} in accounts`);
  };
}

/** Ways to sign out, and whether they end the session of the browser that asks. */
const ways: readonly [
  what: string,
  FunctionDefinition,
  request: (session: OpenedSession) => Request,
  isOwn: boolean,
][] = [
  ["in the app", logout, () => ({}), true],
  ["everywhere", endSessions, () => ({}), true],
  ["this browser, from the list", endSession, ({ secret }) => ({ params: { id: sessionKeyOf(secret) } }), true],
  ["at the identity provider", frontChannelLogout, () => ({ path: "/auth/frontchannel-logout?sid=s" }), false],
  ["by an administrator", purge, () => ({ params: { homeAccountId: `ada.${tenantId}` } }), false],
];

describe("signing out while the store does not write", () => {
  for (const [what, definition, request, isOwn] of ways) {
    async function signOut(
      queueIsDown: boolean,
    ): Promise<{ app: TestApp; session: OpenedSession; exchange: Exchange }> {
      const app = testApp();
      const session = await signIn(app, "ada", { sid: "s" });
      stopWrites(app);
      const headers = { ...own, cookie: `__Host-session=${formatSessionCookie(session)}` };
      const exchange = await call(app, definition, { headers, ...request(session), queueIsDown });
      app.memory.accounts.before = () => undefined;
      return { app, session, exchange };
    }
    test(`${what}: waits in the queue, and ${isOwn ? "clears the cookie" : "leaves cookies alone"}`, async () => {
      const { exchange } = await signOut(false);
      assert.deepEqual(codeOf(exchange), [503, "signout_deferred"]);
      assert.equal(exchange.deferred.length, 1);
      assert.equal(exchange.cookies.get("__Host-session"), isOwn ? "" : undefined);
    });

    test(`${what}, the queue down, too: fails, says so, and leaves the cookie to try again`, async () => {
      const { app, session, exchange } = await signOut(true);
      assert.deepEqual(codeOf(exchange), [503, "signout_failed"]);
      assert.equal(exchange.headers["retry-after"], "2");
      assert.equal(exchange.cookies.get("__Host-session"), undefined);
      assert.ok(await isSignedIn(app, session));
      const event = exchange.log.split("\n").find((line) => line.includes("signout_not_queued"));
      const { origin, ...rest } = JSON.parse(event ?? "{}") as Record<string, unknown>;
      assert.ok(origin);
      assert.deepEqual(rest, { event: "signout_not_queued", code: "store_unavailable", reason: "403" });
    });
  }
});
