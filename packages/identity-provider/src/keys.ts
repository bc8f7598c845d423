import { createHmac, generateKeyPairSync, randomBytes, randomUUID } from "node:crypto";
import type { JWK } from "jose";
import type { Store } from "./store.ts";

/** A private RSA key as JWK, with its key id. */
export type SigningKey = JWK & { readonly kid: string };

/** The provider's secrets, created once and kept in the store. */
export interface Keys {
  /** The key that signs now for work and school accounts. */
  signingKey(): SigningKey;
  /** The key for personal accounts, which is a different one, as with Entra. */
  personalKey(): SigningKey;
  /** The public halves of every key used so far, newest first, then the one for personal accounts. */
  publicKeys(): { keys: JWK[] };
  /** Starts signing with a new key; the old ones stay published. */
  rotate(): void;
  /** Signs the provider's own cookies. */
  readonly cookieKey: string;
  /** A stable value that reveals nothing: HMAC-SHA-256 of the parts, base64url. */
  opaque(...parts: readonly string[]): string;
}

export function loadKeys(store: Store): Keys {
  const salt = store.setting("pairwise-salt", () => randomBytes(32).toString("base64url"));
  const personal = JSON.parse(
    store.setting("personal-signing-key", () => JSON.stringify(newSigningKey())),
  ) as SigningKey;
  let signing = JSON.parse(store.setting("signing-keys", () => JSON.stringify([newSigningKey()]))) as SigningKey[];
  return {
    signingKey: () => {
      const [newest] = signing;
      if (newest === undefined) throw new Error("The provider's data file holds no signing key");
      return newest;
    },
    personalKey: () => personal,
    publicKeys: () => ({ keys: [...signing, personal].map(publicHalf) }),
    rotate: () => {
      signing = [newSigningKey(), ...signing];
      store.replaceSetting("signing-keys", JSON.stringify(signing));
    },
    cookieKey: store.setting("cookie-key", () => randomBytes(32).toString("base64url")),
    opaque: (...parts) => createHmac("sha256", salt).update(parts.join("\n")).digest("base64url"),
  };
}

/** A fresh RSA key, as Entra signs with. */
export function newSigningKey(): SigningKey {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const kid = randomUUID().replaceAll("-", "");
  return { ...(privateKey.export({ format: "jwk" }) as JWK), kid };
}

function publicHalf({ kty, n, e, kid }: SigningKey): JWK {
  return { kty, use: "sig", kid, n, e, alg: "RS256" } as JWK;
}
