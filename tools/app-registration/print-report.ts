import type { Change } from "./changes.ts";
import type { ConsentState } from "./consent.ts";
import type { AppRegistrationError } from "./errors.ts";
import type { Report } from "./report.ts";

const verbs = { create: "created", add: "added", change: "changed", same: "unchanged", keep: "kept" } as const;
const dryRunVerbs = { create: "create", add: "add", change: "change", same: "unchanged", keep: "kept" } as const;

/** The report for people, ending with a line break. */
export function reportText(report: Report): string {
  const { tenantId, clientId = "not registered yet", displayName } = report;
  const sections = [
    [`App registration "${displayName}", client id ${clientId}, tenant ${tenantId}`],
    [headline(report), ...report.changes.map((change) => changeLine(change, report.dryRun))],
    ["Settings of the app", ...Object.entries(report.settings).map(([name, value]) => `  ${name}=${value}`)],
    ["Logout URL", `  ${report.logoutUrl ?? "none, because the app is not served over https"}`],
    ["Consent", ...consentLines(report)],
    report.portalUrl === undefined ? [] : ["Portal", `  ${report.portalUrl}`],
    report.notes.length > 0 ? ["Notes", ...report.notes.map((note) => `  ${note}`)] : [],
  ];
  return `${sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join("\n"))
    .join("\n\n")}\n`;
}

function headline({ dryRun, changed }: Report): string {
  if (!changed) return "Everything is up to date; nothing was written.";
  return dryRun ? "Dry run, nothing was written. A run would" : "Done";
}

function changeLine({ status, item, value, before }: Change, dryRun: boolean): string {
  const verb = (dryRun ? dryRunVerbs : verbs)[status];
  const what = before === undefined ? value : `${before} -> ${value}`;
  return `  ${verb.padEnd(10)} ${item.padEnd(20)} ${what}`;
}

function consentLines({ consent, adminConsentUrl }: Report): string[] {
  const width = Math.max(...consent.map((state) => nameOf(state).length));
  const lines = consent.map((state) => `  ${nameOf(state).padEnd(width)}  ${consentWords(state)}`);
  if (adminConsentUrl !== undefined) {
    lines.push("  An administrator consents for everyone in the tenant at", `  ${adminConsentUrl}`);
  }
  return lines.length > 0 ? lines : ["  no permission is requested"];
}

function nameOf({ api, permission }: ConsentState): string {
  return `${api} ${permission}`;
}

function consentWords({ consented, needsAdministrator }: ConsentState): string {
  if (consented === true) return "consented to by an administrator, for everyone";
  const missing = needsAdministrator
    ? "an administrator has to consent"
    : "people may consent for themselves, if the tenant lets them";
  return consented === undefined ? `${missing} (you may not read whether this has happened)` : missing;
}

/** A failure for people: what happened, what to do, and what has been written already. */
export function failureText({ message, done }: AppRegistrationError): string {
  const progress = done.length === 0 ? [] : ["Written before that, and kept:", ...done.map((each) => `  ${each}`)];
  return `${[message, ...progress].join("\n")}\n`;
}
