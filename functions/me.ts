import { endOf } from "../shared/account/document.ts";
import { SignInRequiredError } from "../shared/core/errors.ts";
import type { FunctionDefinition } from "../shared/pipeline/handler.ts";
import { authenticated } from "../shared/pipeline/authenticated.ts";
import { clearDeadSession } from "../shared/session/cookie.ts";

/**
 * `GET /auth/me`: who is signed in. It does not extend the session, so a page may ask as often as it likes. With `optional=1`,
 * nobody's being signed in is 204 and no error, because browsers print every error into the console.
 */
export const me: FunctionDefinition = {
  name: "me",
  route: "auth/me",
  methods: ["GET"],
  async handler(request, context) {
    try {
      return await whoIsSignedIn(request, context);
    } catch (error) {
      if (request.query.get("optional") !== "1" || !(error instanceof SignInRequiredError)) throw error;
      if (error.sessionEnded) clearDeadSession(context.cookies);
      return { status: 204 };
    }
  },
};

const whoIsSignedIn = authenticated(
  async (_request, { claims, resolved }, { app }) => {
    const { name, username, tenantId, objectId } = claims;
    const { createdAt, lastSeenAt, expiresAt } = resolved.stored;
    const idleExpiresAt = new Date(endOf(resolved.stored, app.timing.lifetimes)).toISOString();
    return {
      jsonBody: {
        account: { name, username, tenantId, objectId },
        session: { createdAt, lastSeenAt, idleExpiresAt, expiresAt },
        signOut: { scope: app.configuration.signOut.scope },
      },
    };
  },
  { extendsSession: false },
);
