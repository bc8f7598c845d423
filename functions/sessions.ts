import { ProblemError } from "../shared/core/errors.ts";
import type { FunctionDefinition } from "../shared/pipeline/handler.ts";
import { authenticated } from "../shared/pipeline/authenticated.ts";
import { refuseCrossSite } from "../shared/http/fetch-metadata.ts";
import { refuseEmptyName } from "../shared/http/parameters.ts";
import { parseSessionCookie, sessionCookieName } from "../shared/session/cookie.ts";
import { sessionEnded } from "../shared/session/ended.ts";
import { listSessions } from "../shared/session/list.ts";
import { whatIsServed } from "../shared/session/served.ts";
import { clearingCookie, signOutByCookie } from "../shared/sign-out/by-cookie.ts";
import { endOneSession } from "../shared/sign-out/by-person.ts";

/** `GET /auth/sessions`: where the account is signed in. */
export const sessions: FunctionDefinition = {
  name: "sessions",
  route: "auth/sessions",
  methods: ["GET"],
  handler: authenticated(
    async (_request, { resolved }, context) => {
      const { configuration, clock } = context.app;
      const { document } = resolved.account;
      const { tenantId } = resolved.secrets.claims;
      const isServed = await whatIsServed(context.app, context);
      const served = Object.entries(document.sessions).filter(([, stored]) => isServed(stored, tenantId));
      const account = { sessions: Object.fromEntries(served) };
      return {
        jsonBody: { sessions: listSessions(account, configuration.session, clock.now(), resolved.sessionKey) },
      };
    },
    { extendsSession: false },
  ),
};

/** `DELETE /auth/sessions/{id}`: ends one of them. */
export const endSession: FunctionDefinition = {
  name: "end-session",
  route: "auth/sessions/{id}",
  methods: ["DELETE"],
  signsOut: true,
  handler: authenticated(
    async (request, { resolved }, context) => {
      const id = request.params["id"] ?? "";
      if (!Object.hasOwn(resolved.account.document.sessions, id)) {
        throw new ProblemError("session_unknown", "It may have ended already.");
      }
      const signOut = endOneSession(context.app, resolved, id, context);
      await (id === resolved.sessionKey ? clearingCookie(context.cookies, signOut) : signOut);
      return { status: 204 };
    },
    { extendsSession: false, revalidates: false },
  ),
};

/** `DELETE /auth/sessions`: signs the account out everywhere. */
export const endSessions: FunctionDefinition = {
  name: "end-sessions",
  route: "auth/sessions",
  methods: ["DELETE"],
  signsOut: true,
  async handler(request, context) {
    refuseCrossSite(request, context.app.configuration.publicOrigin);
    refuseEmptyName(request);
    const cookie = parseSessionCookie(context.cookies.read(sessionCookieName));
    if (!cookie) throw sessionEnded();
    const signOut = signOutByCookie(context.app, cookie, "everywhere", context);
    const { isKnown } = await clearingCookie(context.cookies, signOut);
    if (!isKnown) throw sessionEnded();
    return { status: 204 };
  },
};
