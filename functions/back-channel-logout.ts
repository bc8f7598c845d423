import type { HttpRequest } from "@azure/functions";
import { ProblemError } from "../shared/core/errors.ts";
import { readForm } from "../shared/http/form.ts";
import type { FunctionDefinition } from "../shared/pipeline/handler.ts";
import { verifyLogoutToken } from "../shared/identity/logout-token.ts";
import { signOutBackChannel } from "../shared/sign-out/back-channel.ts";

const maxBodyBytes = 64 * 1024;

/**
 * `POST /auth/backchannel-logout` (OpenID Connect Back-Channel Logout 1.0 section 2.5), for issuers that have it. The
 * identity provider's server calls it; the signed token is what authorizes the call.
 */
export const backChannelLogout: FunctionDefinition = {
  name: "backchannel-logout",
  route: "auth/backchannel-logout",
  methods: ["POST"],
  signsOut: true,
  async handler(request, context) {
    const { app } = context;
    const token = await readLogoutToken(request);
    await app.learnTime();
    const verified = await verifyLogoutToken(token, app.authority, app.configuration.azureAd.clientId, context.signal);
    await signOutBackChannel(app, verified, context);
    return { status: 200 };
  },
};

async function readLogoutToken(request: HttpRequest): Promise<string> {
  const [token, ...more] = (await readForm(request, maxBodyBytes)).getAll("logout_token");
  if (!token || more.length > 0) {
    throw new ProblemError("invalid_request", "The parameter logout_token must be given once.");
  }
  return token;
}
