import { ConditionError } from "../shared/errors.ts";
import type { FunctionDefinition } from "../shared/http/handler.ts";
import { authenticated } from "../shared/session/authenticated.ts";
import { sessionCookieName } from "../shared/session/cookie.ts";
import { listSessions } from "../shared/session/list.ts";
import { endAllSessions, endOneSession } from "../shared/sign-out/sign-out.ts";

/** `GET /auth/sessions`: where the account is signed in. */
export const sessions: FunctionDefinition = {
  name: "sessions",
  route: "auth/sessions",
  methods: ["GET"],
  handler: authenticated(async (_request, session, { app }) => ({
    jsonBody: { sessions: listSessions(session, app.configuration.session, Date.now()) },
  })),
};

/** `DELETE /auth/sessions/{id}`: ends one of them. */
export const endSession: FunctionDefinition = {
  name: "end-session",
  route: "auth/sessions/{id}",
  methods: ["DELETE"],
  signsOut: true,
  handler: authenticated(async (request, session, context) => {
    const id = request.params["id"] ?? "";
    if (!Object.hasOwn(session.account.document.sessions, id)) {
      throw new ConditionError("session_unknown", "It may have ended already.");
    }
    if (id === session.sessionKey) context.cookies.clear(sessionCookieName);
    await endOneSession(context.app, session, id, context);
    return { status: 204 };
  }),
};

/** `DELETE /auth/sessions`: signs the account out everywhere. */
export const endSessions: FunctionDefinition = {
  name: "end-sessions",
  route: "auth/sessions",
  methods: ["DELETE"],
  signsOut: true,
  handler: authenticated(async (_request, session, context) => {
    context.cookies.clear(sessionCookieName);
    await endAllSessions(context.app, session, context);
    return { status: 204 };
  }),
};
