import { LRUCache } from "lru-cache";
import { unseal, type SealBinding } from "./seal.ts";
import type { SessionSecrets } from "../identity/session-secrets.ts";

/**
 * A cache of opened seals, which saves decrypting and parsing them again. Callers pass the seal that they have just read from
 * the store. A different seal is a cache miss, so the cache never serves a session that has ended or changed.
 */
export interface OpenedSeals {
  /** Like {@link unseal}. @param sealed the seal as just read from the store */
  open(sealed: string, binding: SealBinding): Promise<SessionSecrets | undefined>;
  /** Drops a session that has ended. */
  forget(sessionKey: string): void;
  /** Size of the cache in bytes, estimated generously. */
  readonly bytes: number;
}

export interface OpenedSealsLimits {
  readonly maxBytes: number;
  /** Milliseconds after its last use at which a session is dropped: memory should hold no more tokens than it needs. */
  readonly maxIdleMs: number;
}

const defaultLimits: OpenedSealsLimits = { maxBytes: 32 * 1024 * 1024, maxIdleMs: 5 * 60_000 };

interface Opened {
  readonly sealed: string;
  readonly accountKey: string;
  readonly secrets: SessionSecrets;
}

/** Over `maxBytes`, the least recently used sessions are dropped first. */
export function openedSeals({ maxBytes, maxIdleMs }: OpenedSealsLimits = defaultLimits): OpenedSeals {
  // By session key. That is a hash of the cookie's secret, so a caller who has it has shown the secret.
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

/** Two bytes for each character, the token cache twice because it is also kept parsed, and 1 KB for the rest. */
function sizeOf({ sealed, secrets: { tokenCache } }: Opened): number {
  return 2 * sealed.length + 4 * tokenCache.length + 1024;
}
