import type * as Msal from "@azure/msal-node";
import type { SessionSecrets } from "./session-secrets.ts";
import type { Configuration } from "../configuration/configuration.ts";
import { msalCredential, type MsalCredential } from "./client-credential.ts";
import { forGood, shared, withinDeadline } from "../core/waiting.ts";
import { AppIncompleteError } from "../core/errors.ts";
import { metadataSource, type MetadataSource } from "./metadata.ts";
import { signingKeys, type SigningKeys } from "./signing-keys.ts";
import { createPauses, tokenNetwork, type Pauses, type TokenNetwork } from "./network.ts";
import { isOfSession } from "./token-response.ts";
import { movedInTime, ofAccountAlone } from "./token-cache.ts";
import { storeClock, type StoreClock } from "../store/clock.ts";

/** The identity provider as this app is registered with it. */
export interface Authority {
  /** For example `https://login.microsoftonline.com/organizations`. */
  readonly url: string;
  /** Host, as in MSAL's cache keys. */
  readonly environment: string;
  readonly metadata: MetadataSource;
  readonly keys: SigningKeys;
  /** Decides whether a token is valid now: an instance's own clock may be minutes off. */
  readonly clock: Pick<StoreClock, "now">;
  /**
   * A client for one operation on one account. Never share one: MSAL keeps everything it has seen in the client's
   * memory, and a shared client writes one person's tokens into another person's document.
   * @param session gives the client its account and its serialized cache. Tokens of another account never get into the cache
   */
  client(signal: AbortSignal, session?: SessionSecrets): Promise<OperationClient>;
}

export interface OperationClient {
  readonly msal: Msal.IConfidentialClientApplication;
  readonly network: TokenNetwork;
  /** MSAL's cache as it is stored: its times are by the store's clock. */
  readonly serialize: () => string;
}

/** A smaller difference is not worth the work: MSAL renews a token earlier than that before it expires. */
const leastSeconds = 10;

/** By how much the store's clock is ahead of this machine's, in whole seconds; 0 if that does not matter. */
function secondsAhead(clock: Pick<StoreClock, "now">): number {
  const seconds = Math.round((clock.now() - Date.now()) / 1000);
  return Math.abs(seconds) < leastSeconds ? 0 : seconds;
}

export function authorityOf(
  { azureAd }: Pick<Configuration, "azureAd">,
  clock: Pick<StoreClock, "now"> = storeClock(),
): Authority {
  const url = azureAd.instance + azureAd.tenantId;
  const environment = azureAd.authorityHost;
  const metadata = metadataSource(url);
  const pauses = createPauses();
  const credential = shared(
    async () => msalCredential(azureAd.credential, azureAd.clientId, environment, clock),
    forGood,
  );

  return {
    url,
    environment,
    metadata,
    keys: signingKeys(),
    clock,

    async client(signal, session) {
      const [{ text }, { ConfidentialClientApplication }] = await Promise.all([metadata.get(signal), loadMsal(signal)]);
      const network = networkFor(session, pauses, signal);
      const auth = {
        clientId: azureAd.clientId,
        authority: url,
        knownAuthorities: [environment],
        authorityMetadata: text,
      };
      const msal = new ConfidentialClientApplication({
        // The capability says that a claims challenge can be handled, which turns on continuous access evaluation.
        auth: { ...auth, clientCapabilities: ["cp1"], ...withinOperation(await credential(), signal) },
        system: { networkClient: network, disableInternalRetries: true, loggerOptions: { piiLoggingEnabled: false } },
      });
      return { msal, network, serialize: withCacheOf(session, msal.getTokenCache(), secondsAhead(clock)) };
    },
  };
}

/** The way to the token endpoint. It drops tokens that belong to another account than the session's. */
function networkFor(session: SessionSecrets | undefined, pauses: Pauses, signal: AbortSignal): TokenNetwork {
  if (!session) return tokenNetwork(signal, { pauses });
  const { homeAccountId: account } = session.claims;
  return tokenNetwork(signal, { pauses, account, isExpected: (answer) => isOfSession(answer, session) });
}

/** Fills MSAL's cache with the session's tokens. @returns what serializes the cache as it is stored */
function withCacheOf(session: SessionSecrets | undefined, cache: Msal.TokenCache, ahead: number): () => string {
  if (session) {
    cache.deserialize(movedInTime(ofAccountAlone(session.tokenCache, session.claims.homeAccountId), -ahead));
  }
  return () => movedInTime(cache.serialize(), ahead);
}

/**
 * MSAL, loaded when it is first needed and once for everybody: the build keeps it in a file of its own. Neither a start nor a
 * call with a fresh token nor a sign-out pays for it.
 * @param signal ends the waiting
 * @throws {AppIncompleteError} when it cannot be loaded; the next caller tries again
 */
export async function loadMsal(signal: AbortSignal): Promise<typeof Msal> {
  try {
    return await withinDeadline(signal, import("@azure/msal-node"));
  } catch (cause) {
    throw new AppIncompleteError(cause);
  }
}

/** The credential for one operation, which waits for an assertion only until `signal` aborts. */
export function withinOperation(credential: MsalCredential, signal: AbortSignal): MsalCredential {
  const { clientAssertion } = credential;
  if (typeof clientAssertion !== "function") return credential;
  return { clientAssertion: async (request) => withinDeadline(signal, clientAssertion(request)) };
}
