import { ProblemError } from "../shared/core/errors.ts";
import type { FunctionDefinition, RequestContext } from "../shared/pipeline/handler.ts";
import { html } from "../shared/http/html.ts";
import { page } from "../shared/http/page.ts";
import { queryParameter } from "../shared/http/parameters.ts";
import { originsOf } from "../shared/http/security-headers.ts";
import { isOwnIssuer } from "../shared/identity/end-session.ts";
import { signOutFrontChannel } from "../shared/sign-out/front-channel.ts";

/**
 * `GET /auth/frontchannel-logout`: the registered Logout URL (OpenID Connect Front-Channel Logout 1.0 section 2). The
 * identity provider's sign-out page loads it in a hidden frame. Browsers withhold the cookie there, so `sid` names the session.
 */
export const frontChannelLogout: FunctionDefinition = {
  name: "frontchannel-logout",
  route: "auth/frontchannel-logout",
  methods: ["GET"],
  isStep: true,
  signsOut: true,
  async handler(request, context) {
    const { app, site } = context;
    const sid = queryParameter(request, "sid", 512);
    if (sid === null) throw new ProblemError("invalid_request", "The parameter sid is missing.");
    const issuer = queryParameter(request, "iss");
    if (issuer !== null && !(await isOwnIssuer(app.authority, issuer, context.signal))) {
      throw new ProblemError("issuer_unknown", "The parameter iss is not this app's identity provider.");
    }
    await signOutFrontChannel(app, sid, context);
    const frameAncestors = originsOf(app.authority.url, await signOutPageOf(context));
    const { title, text } = site.texts.signedOutElsewhere;
    return page({ title, content: html`<p>${text}</p>`, frameAncestors }, site);
  },
};

const metadataTimeoutMs = 1_000;

/** The page that may frame the answer. The sign-out is done by now, so this waits only briefly to find out. */
async function signOutPageOf({ app, signal }: RequestContext): Promise<string | undefined> {
  const soon = AbortSignal.any([signal, AbortSignal.timeout(metadataTimeoutMs)]);
  const metadata = await app.authority.metadata.get(soon).catch(() => undefined);
  return metadata?.endSessionEndpoint;
}
