import { settings } from "../../../shared/configuration/settings.ts";
import { failed, ok, warning, type Finding } from "../finding.ts";

export interface RegisteredCredentials {
  readonly passwordCredentials: readonly Expiring[];
  readonly keyCredentials: readonly Expiring[];
}

interface Expiring {
  readonly displayName: string | null;
  readonly endDateTime: string | null;
}

const dayMs = 24 * 60 * 60_000;
const warningDays = 30;

const kinds = {
  secret: {
    name: "Client secret",
    of: ({ passwordCredentials }: RegisteredCredentials) => passwordCredentials,
    renew: `Make a new one and put it into ${settings.clientSecret.name}, or use a managed identity`,
  },
  certificate: {
    name: "Certificate",
    of: ({ keyCredentials }: RegisteredCredentials) => keyCredentials,
    renew: `Upload a new one and put it into ${settings.certificate.name}, or use a managed identity`,
  },
} as const;

/**
 * When secrets and certificates of the registration expire. Graph does not say which of several the app uses, so the
 * one that lasts longest counts.
 * @param used what the settings say; undefined checks every kind
 * @param saidEnd when the secret expires, by the settings: ISO 8601
 */
export function checkCredentials(
  registered: RegisteredCredentials,
  used: "secret" | "certificate" | "managedIdentity" | undefined,
  saidEnd?: string,
): Finding[] {
  if (used === "managedIdentity") return leftovers(registered);
  const wanted = used === undefined ? Object.values(kinds) : [kinds[used]];
  const found = wanted.flatMap(({ name, of, renew }) => {
    const all = of(registered);
    if (all.length > 0) return [expiryOf(name, all, renew)];
    return used === undefined ? [] : [failed(name, "the registration has none", renew)];
  });
  return [...found, ...checkSaidEnd(registered.passwordCredentials, saidEnd)];
}

/** Whether it can still be used. One without an end can, for ever. */
export function isLive({ endDateTime }: Expiring): boolean {
  return endDateTime === null || Date.parse(endDateTime) > Date.now();
}

/** By a time that is too late, the app would warn too late. */
function checkSaidEnd(all: readonly Expiring[], saidEnd: string | undefined): Finding[] {
  const [said, end] = [Date.parse(saidEnd ?? ""), lastEnd(all)];
  if (all.length === 0 || !(said > end)) return [];
  const found = `${settings.clientSecretExpires.name} says ${dateOf(said)}, but the last secret expires on ${dateOf(end)}`;
  return [warning("Settings: secret", found, "Correct it, so that the app warns in time")];
}

function lastEnd(all: readonly Expiring[]): number {
  return Math.max(...all.map(({ endDateTime }) => (endDateTime === null ? Infinity : Date.parse(endDateTime))));
}

function expiryOf(name: string, all: readonly Expiring[], renew: string): Finding {
  const end = lastEnd(all);
  const days = Math.floor((end - Date.now()) / dayMs);
  if (end <= Date.now()) return failed(name, `expired on ${dateOf(end)}`, renew);
  if (days <= warningDays) return warning(name, `expires on ${dateOf(end)}, in ${days} days`, renew);
  return ok(name, Number.isFinite(end) ? `good until ${dateOf(end)}` : "does not expire");
}

/** An unused secret is one that somebody may find, and so is the key of an unused certificate. */
function leftovers(registered: RegisteredCredentials): Finding[] {
  return Object.values(kinds).flatMap(({ name, of }) => {
    const count = of(registered).filter(isLive).length;
    if (count === 0) return [];
    const found = `the registration has ${count}, but the app uses none`;
    return [warning(name, found, "Delete them: the managed identity is the credential")];
  });
}

function dateOf(time: number): string {
  return new Date(time).toISOString().slice(0, 10);
}
