import { LRUCache } from "lru-cache";
import { unseal, type SealBinding } from "./seal.ts";
import type { SessionSecrets } from "../identity/session-secrets.ts";

/**
 * Sessions' secrets as they were opened before, which spares opening and parsing them again, and nothing else: whoever
 * asks brings the seal as the store has it now. Where the store has none, or another, nothing is found here.
 */
export interface OpenedSeals {
  /** As {@link unseal}. @param sealed as just read from the store */
  open(sealed: string, binding: SealBinding): Promise<SessionSecrets | undefined>;
  /** The session has ended. */
  forget(sessionKey: string): void;
  /** What is kept, at a generous estimate. */
  readonly bytes: number;
}

export interface OpenedSealsLimits {
  readonly maxBytes: number;
  /** What has not been asked for so long is forgotten: memory should hold no more tokens than it needs. */
  readonly maxIdleMs: number;
}

const defaultLimits: OpenedSealsLimits = { maxBytes: 32 * 1024 * 1024, maxIdleMs: 5 * 60_000 };

interface Opened {
  readonly sealed: string;
  readonly accountKey: string;
  readonly secrets: SessionSecrets;
}

/** The least recently used goes first when there are too many bytes. */
export function openedSeals({ maxBytes, maxIdleMs }: OpenedSealsLimits = defaultLimits): OpenedSeals {
  // The key is a hash of the cookie's secret: whoever has it has shown the secret.
  const kept = new LRUCache<string, Opened>({
    maxSize: maxBytes,
    sizeCalculation: sizeOf,
    ttl: maxIdleMs,
    updateAgeOnGet: true,
    ttlAutopurge: true,
  });

  return {
    async open(sealed, binding) {
      const { sessionKey, accountKey } = binding;
      const known = kept.get(sessionKey);
      if (known?.sealed === sealed && known.accountKey === accountKey) return known.secrets;
      const secrets = await unseal(sealed, binding);
      if (secrets) kept.set(sessionKey, { sealed, accountKey, secrets });
      return secrets;
    },
    forget: (sessionKey) => void kept.delete(sessionKey),
    get bytes() {
      return kept.calculatedSize;
    },
  };
}

/** Two bytes a character, twice the token cache for what is parsed of it, and the rest. */
function sizeOf({ sealed, secrets: { tokenCache } }: Opened): number {
  return 2 * sealed.length + 4 * tokenCache.length + 1024;
}
