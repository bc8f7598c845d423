import { shared, whileAsked, withinDeadline } from "../core/waiting.ts";
import { isRecord } from "../core/encoding.ts";
import { httpDependency } from "../telemetry/activity.ts";
import { unavailable } from "./errors.ts";
import { sendUnlessPaused, type SendUnlessPaused } from "./pause.ts";

/** The OpenID Provider Metadata (OpenID Connect Discovery 1.0 section 3) that the app uses. */
export interface AuthorityMetadata {
  /** Under a multi-tenant authority this holds the placeholder `{tenantid}`. */
  readonly issuer: string;
  readonly authorizationEndpoint: string;
  readonly tokenEndpoint: string;
  readonly jwksUri: string;
  readonly endSessionEndpoint: string | undefined;
  /** Back-Channel Logout 1.0 section 2.1. Entra does not have it; then no index by subject is kept. */
  readonly backChannelLogout: boolean;
  /** Whether the answer to a sign-in can come as a form (OAuth 2.0 Form Post Response Mode): only if the metadata says so. */
  readonly formPost: boolean;
  /** The document itself, for MSAL, which then need not ask for it again. */
  readonly text: string;
}

const maxAgeMs = 24 * 60 * 60_000;
const requestTimeoutMs = 4_000;

export interface MetadataSource {
  /** @throws {IdentityProviderUnavailableError} when it was never read and cannot be now, or not before `signal` aborts */
  get(signal: AbortSignal): Promise<AuthorityMetadata>;
  /** The metadata as last read, without a request. */
  readonly known: AuthorityMetadata | undefined;
}

/**
 * The authority's metadata, read once a day. Requests that come together share one reading; while the identity provider
 * is down, yesterday's metadata is used.
 * @param authority for example `https://login.microsoftonline.com/organizations`
 */
export function metadataSource(authority: string): MetadataSource {
  let known: AuthorityMetadata | undefined;
  let readAt = -Infinity;
  const sendDocument = sendUnlessPaused();

  const read = shared(async () => {
    try {
      known = await fetchMetadata(`${authority}/v2.0/.well-known/openid-configuration`, sendDocument);
      readAt = Date.now();
      return known;
    } catch (error) {
      if (known) return known;
      throw unavailable(error);
    }
  }, whileAsked);

  return {
    get known() {
      return known;
    },
    async get(signal) {
      if (known && Date.now() - readAt < maxAgeMs) return known;
      const reading = read();
      // Nobody waits for newer metadata while there is some: it hardly ever changes, and the provider may be down.
      if (known) return known;
      return withinDeadline(signal, reading).catch((error: unknown) => {
        throw unavailable(error);
      });
    },
  };
}

async function fetchMetadata(url: string, sendDocument: SendUnlessPaused): Promise<AuthorityMetadata> {
  const send = () => fetch(url, { redirect: "error", signal: AbortSignal.timeout(requestTimeoutMs) });
  const response = await sendDocument(async () => httpDependency("GET", url, send));
  const text = await response.text();
  if (!response.ok) throw new Error(`Discovery answered ${response.status}`);
  return parseMetadata(text);
}

/** @throws {Error} that names the member which is missing or unusable */
export function parseMetadata(text: string): AuthorityMetadata {
  const document: unknown = JSON.parse(text);
  if (!isRecord(document)) throw new Error("Discovery did not answer an object");
  const url = (member: string, protocols: readonly string[]) => {
    const value = document[member];
    const parsed = typeof value === "string" ? URL.parse(value) : null;
    if (typeof value !== "string" || !parsed || !protocols.includes(parsed.protocol)) {
      throw new Error(`Discovery has no usable ${member}`);
    }
    return value;
  };
  return {
    issuer: url("issuer", ["https:"]),
    // Only the browser goes to these two; the app sends no secret there.
    authorizationEndpoint: url("authorization_endpoint", ["https:", "http:"]),
    endSessionEndpoint:
      document["end_session_endpoint"] === undefined ? undefined : url("end_session_endpoint", ["https:", "http:"]),
    tokenEndpoint: url("token_endpoint", ["https:"]),
    jwksUri: url("jwks_uri", ["https:"]),
    backChannelLogout: document["backchannel_logout_supported"] === true,
    formPost: includes(document["response_modes_supported"], "form_post"),
    text,
  };
}

function includes(list: unknown, value: string): boolean {
  return Array.isArray(list) && list.includes(value);
}
