import { randomUUID } from "node:crypto";
import { decodeJwt } from "jose";
import { appClientId } from "@entra-functions-bff/development";
import type { Answer } from "./http-client.ts";
import type { World } from "./world.ts";

const logoutEvent = "http://schemas.openid.net/event/backchannel-logout";

type Tampering = Parameters<World["identityProvider"]["controls"]["signToken"]>[1];

/**
 * A logout token of the identity provider for the app (OpenID Connect Back-Channel Logout 1.0 section 2.4), but for
 * `changes`: they say whom it is about, and a claim that is set to undefined is left out.
 */
export async function logoutToken(
  { identityProvider }: World,
  changes: Readonly<Record<string, unknown>>,
  tampering?: Tampering,
): Promise<string> {
  const { instance, tenantId, controls } = identityProvider;
  const now = Math.floor(Date.now() / 1000);
  const claims = {
    iss: `${instance}${tenantId}/v2.0`,
    aud: appClientId,
    iat: now,
    exp: now + 120,
    jti: randomUUID(),
    events: { [logoutEvent]: {} },
    ...changes,
  };
  const given = Object.fromEntries(Object.entries(claims).filter(([, value]) => value !== undefined));
  return controls.signToken(given, { header: { typ: "logout+jwt" }, ...tampering });
}

/** What the identity provider's server does with it (section 2.5). */
export async function sendLogoutToken(
  world: World,
  token: string,
  { instance = 0, contentType = "application/x-www-form-urlencoded" } = {},
): Promise<Answer> {
  const body = new URLSearchParams({ logout_token: token }).toString();
  const headers = { "content-type": contentType };
  return world.client(instance).fetch("/auth/backchannel-logout", { method: "POST", headers, body });
}

/** Whom the app's ID tokens for this person are about. */
export function subjectOf({ identityProvider }: World, username: string): string {
  const tokens = identityProvider.controls.issuedTokens().filter((token) => token.split(".").length === 3);
  const claims = tokens.map((token) => decodeJwt(token));
  const { sub } = claims.find((each) => each["preferred_username"] === username && each.aud === appClientId) ?? {};
  if (sub === undefined) throw new Error(`No ID token was issued to ${username}`);
  return sub;
}
