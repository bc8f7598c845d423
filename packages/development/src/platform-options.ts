import type { Person, RegisteredApp } from "@entra-functions-bff/identity-provider";
import type { ApiStandIns } from "./api-stand-ins.ts";
import type { Neighbours } from "./neighbours.ts";
import type { RunningParts } from "./running-parts.ts";
import type { Settings } from "./settings.ts";

export interface Ports {
  readonly app: number;
  readonly identityProvider: number;
  readonly identityProviderTls: number;
  readonly cosmos: number;
  readonly downstreamApi: number;
  readonly secondApp: number;
  /** If omitted, there is no queue storage, and failed sign-outs are not finished later. */
  readonly queueStorage?: number;
}

export interface PlatformOptions {
  /** Where the parts keep their data. */
  readonly folder: string;
  readonly ports: Ports;
  /**
   * Your own settings. The app gets them unchanged, and the real parts that they name are not replaced by stand-ins.
   */
  readonly settings?: Settings;
  /** Changes to how the app is registered with the local identity provider. */
  readonly registration?: Partial<RegisteredApp>;
  /** Who can sign in at the local identity provider; by default, the sample people. */
  readonly people?: readonly Person[];
  /** Whether the local identity provider names its issuer as Microsoft Entra External ID does. Default: false. */
  readonly externalId?: boolean;
  /** Whether the identity provider's page that tells the apps of a sign-out waits for the person. Default: false. */
  readonly holdSignOutPage?: boolean;
  /** Whether there is a directory of the local people, whose changes end sessions. Default: as `Directory__Notifications` says. */
  readonly userDirectory?: boolean;
  /** Stand-ins for the app's own APIs; not started for a real identity provider, whose tokens they cannot check. */
  readonly apis?: ApiStandIns;
}

/** What parts that start need to know of the others. */
export interface Surroundings {
  readonly publicBaseUrl: string;
  readonly neighbours: Neighbours;
  readonly parts: RunningParts;
}
