import type { Applications } from "./applications.ts";
import type { ClaimsFactory } from "./claims.ts";
import type { Addresses } from "./discovery.ts";
import type { FaultQueue } from "@entra-functions-bff/stand-in-kit/faults";
import type { Gates } from "@entra-functions-bff/stand-in-kit/gates";
import type { Neighbour } from "@entra-functions-bff/stand-in-kit/neighbours";
import type { Keys } from "./keys.ts";
import { accountId, type Person } from "./people.ts";
import type { createRequestLog, Endpoint } from "./request-log.ts";
import type { Tampering } from "./signing.ts";
import type { Store } from "./store.ts";

/** Which requests a fault or a gate is meant for. */
export interface RequestTarget {
  readonly endpoint: Endpoint;
  /** Only token requests of this grant. */
  readonly grantType?: string;
  /**
   * Whether it takes effect before the request is served (the default), or afterwards, so that only the answer is
   * missing.
   */
  readonly when?: "before" | "after";
}

/** What the parts of one running provider share. */
export interface Runtime {
  readonly addresses: Addresses;
  readonly neighbours: readonly Neighbour[];
  /** May grow while it runs. */
  readonly people: Person[];
  readonly tenantId: string;
  readonly tenantIds: Set<string>;
  readonly applications: Applications;
  readonly store: Store;
  readonly keys: Keys;
  readonly claims: ClaimsFactory;
  readonly settings: RuntimeSettings;
  readonly faults: FaultQueue<RequestTarget>;
  readonly gates: Gates<RequestTarget>;
  readonly log: ReturnType<typeof createRequestLog>;
  /** Every code, access, refresh and ID token handed out by this process. */
  readonly issued: Set<string>;
  /** Claims that an account must sign in with before its refresh tokens work again: JSON by account id. */
  readonly challenges: Map<string, string>;
  /** How to tamper with the next ID tokens. */
  readonly tampering: Tampering[];
  /** Whose tokens the next answers have, whoever asked. */
  readonly mistaken: MistakenAnswer[];
}

/** An answer of the token endpoint that is about another person, entirely or only in `client_info`. */
export interface MistakenAnswer {
  readonly person: Person;
  readonly part: "everything" | "client_info";
}

/** What tests change while the provider runs. */
export interface RuntimeSettings {
  accessTokenLifetimeSeconds: number;
  rotateRefreshTokens: boolean;
  includeIssInFrontChannel: boolean;
  includeSessionState: boolean;
  announceBackChannelLogout: boolean;
  holdSignOutPage: boolean;
  withheldScopes: readonly string[];
  applicationPermissions: Readonly<Record<string, readonly string[]>>;
}

export function findPerson({ people }: Runtime, id: string | undefined): Person | undefined {
  return people.find((person) => accountId(person) === id);
}
