import { isRecord } from "../core/encoding.ts";
import type { Authority } from "./authority.ts";
import { verifyToken } from "./jwt.ts";

/** What a logout token signs out: the sessions of a `sid`, or all of a subject. */
export interface LogoutToken {
  readonly issuer: string;
  readonly sid: string | undefined;
  readonly subject: string | undefined;
  readonly jti: string;
  /** ISO 8601, UTC. The token does not end sessions that began later. */
  readonly issuedAt: string;
}

const logoutEvent = "http://schemas.openid.net/event/backchannel-logout";
/** Logout tokens are sent at once; one that is older is being replayed. */
const maxAgeSeconds = 10 * 60;

/**
 * Verifies a logout token (OpenID Connect Back-Channel Logout 1.0 section 2.6): signature, `iss`, `aud`, `iat`, `exp`, the
 * logout event, `jti`, a `sid` or a `sub`, and no `nonce`, so that no ID token passes for one.
 * @throws {ProblemError} `logout_token_invalid`
 * @throws {IdentityProviderUnavailableError} when the signing keys cannot be read
 */
export async function verifyLogoutToken(
  token: string,
  authority: Authority,
  clientId: string,
  signal: AbortSignal,
): Promise<LogoutToken> {
  const metadata = await authority.metadata.get(signal);
  const verified = await verifyToken(token, {
    metadata,
    keys: authority.keys,
    clientId,
    requiredClaims: ["iss", "aud", "iat", "exp", "jti", "events"],
    maxAgeSeconds,
    code: "logout_token_invalid",
    now: authority.clock.now(),
    signal,
  });
  const { payload } = verified;
  if (verified.type !== undefined && !/^(application\/)?(logout\+)?jwt$/i.test(verified.type))
    throw verified.invalid("typ");
  if ("nonce" in payload) throw verified.invalid("nonce");
  if (!isRecord(payload["events"]) || !isRecord(payload["events"][logoutEvent])) throw verified.invalid("events");
  const [sid, subject] = [verified.optional("sid"), verified.optional("sub")];
  // Unless the metadata announces back-channel logout, no index by subject is kept, and nothing would be signed out.
  if (sid === undefined && !(subject && metadata.backChannelLogout)) throw verified.invalid("sid");
  const issuedAt = new Date((payload.iat ?? 0) * 1000).toISOString();
  return { issuer: verified.required("iss"), sid, subject, jti: verified.required("jti"), issuedAt };
}
