import { ConditionError } from "../shared/errors.ts";
import type { FunctionDefinition } from "../shared/http/handler.ts";
import { html } from "../shared/http/html.ts";
import { page } from "../shared/http/page.ts";
import { queryParameter } from "../shared/http/parameters.ts";
import { originsOf } from "../shared/http/security-headers.ts";
import { isOwnIssuer } from "../shared/identity/end-session.ts";
import { signOutFrontChannel } from "../shared/sign-out/sign-out.ts";

/**
 * `GET /auth/frontchannel-logout`: the registered Logout URL (OpenID Connect Front-Channel Logout 1.0 section 2). The
 * identity provider's sign-out page loads it in a hidden frame, where browsers withhold the cookie: `sid` has to do.
 */
export const frontChannelLogout: FunctionDefinition = {
  name: "frontchannel-logout",
  route: "auth/frontchannel-logout",
  methods: ["GET"],
  signsOut: true,
  async handler(request, context) {
    const { app } = context;
    const sid = queryParameter(request, "sid", 512);
    if (sid === null) throw new ConditionError("invalid_request", "The parameter sid is missing.");
    const issuer = queryParameter(request, "iss");
    if (issuer !== null && !(await isOwnIssuer(app.authority, issuer, context.signal))) {
      throw new ConditionError("issuer_unknown", "The parameter iss is not this app's identity provider.");
    }
    await signOutFrontChannel(app, sid, context);
    const { known } = app.authority.metadata;
    const frameAncestors = originsOf(app.authority.url, known?.endSessionEndpoint);
    return page({ title: "Signed out", content: html`<p>Your account has been removed.</p>` }, { frameAncestors });
  },
};
