import { endOf } from "../shared/account/document.ts";
import type { FunctionDefinition } from "../shared/pipeline/handler.ts";
import { authenticated } from "../shared/pipeline/authenticated.ts";

/** `GET /auth/me`: who is signed in. It does not extend the session, so a page may ask as often as it likes. */
export const me: FunctionDefinition = {
  name: "me",
  route: "auth/me",
  methods: ["GET"],
  handler: authenticated(
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
  ),
};
