import { isRecord } from "../../../shared/core/encoding.ts";
import { credentialExpiresSoon } from "../../../shared/identity/credential-expiry.ts";
import { directoryNotSubscribed } from "../../../shared/readiness/readiness.ts";
import { telemetryRefused } from "../../../shared/telemetry/delivery.ts";
import { failed, notChecked, ok, warning, type Finding } from "../finding.ts";
import { get, jsonObject, type Answer } from "../request.ts";

const name = "App";

/** What to do about each code that `/readyz` gives for something that the app depends on. */
const remedies: Readonly<Record<string, string>> = {
  store_unavailable: "Check that Cosmos DB, the database and both containers exist, and that the app can reach them",
  store_refused: "Give the app's identity the role of infra/modules/cosmos.bicep, or correct the account key",
  identity_provider_unavailable: "Check AzureAd__Instance, AzureAd__TenantId, and the network from the app",
  app_refused: "Compare the app's AzureAd__… settings with its registration; the app's log has the AADSTS number",
  app_incomplete: "Publish the app again: a file of the package is missing",
  managed_identity_unavailable: "Assign the user-assigned identity that the settings name to the function app",
};

const parts: readonly (readonly [key: string, name: string, fine: string])[] = [
  ["store", "App: Cosmos DB", "the app reads both containers"],
  ["identityProvider", "App: authority", "the app has the identity provider's metadata"],
  ["credential", "App: credential", "the token endpoint accepts the app's credential"],
];

/** What the app at `baseUrl` reports about itself at `/readyz`. Only the app can say what its own identity may do. */
export async function checkApp(baseUrl: string, whenMissing: "failed" | "not checked"): Promise<readonly Finding[]> {
  let answer: Answer;
  try {
    answer = await get(`${baseUrl}/readyz`);
  } catch (error) {
    const found = `${baseUrl} cannot be reached: ${error instanceof Error ? error.message : "unknown"}`;
    if (whenMissing === "failed") return [failed(name, found, "Check the address, and that the app is running")];
    return [notChecked(name, `${found}; npm start runs the app here`)];
  }
  const report = jsonObject(answer.text);
  const checks = report?.["checks"];
  if (!report || !isRecord(checks)) {
    const found = `${baseUrl}/readyz answers ${answer.status}, but not as this app would`;
    return [failed(name, found, "Publish the app, and check that this is its address")];
  }
  return [
    ...checkConfiguration(baseUrl, report, checks),
    ...checkParts(checks),
    ...checkSignIns(report),
    ...checkWarnings(report),
  ];
}

type Members = Readonly<Record<string, unknown>>;

function checkConfiguration(baseUrl: string, { problems }: Members, { configuration }: Members): Finding[] {
  if (configuration === "ok") return [ok(name, `${baseUrl} runs, and its settings are complete`)];
  const list: readonly unknown[] = Array.isArray(problems) ? problems : [];
  return list.filter(isRecord).map(({ setting, problem }) => {
    return failed(name, `its setting ${String(setting)} ${String(problem)}`, "See docs/configuration.md");
  });
}

function checkParts(checks: Members): Finding[] {
  return parts.map(([key, part, fine]) => {
    const code = checks[key];
    if (code === "ok") return ok(part, fine);
    if (code === undefined) return notChecked(part, "the app did not get that far");
    if (code === "not_checked") return notChecked(part, "the app cannot tell before somebody signs in");
    const text = typeof code === "string" ? code : "nothing that can be read";
    return failed(part, `the app says ${text}`, remedies[text] ?? "The app's log says more");
  });
}

/** Which claims the sign-ins since the app's start have had. The claims are optional, and their absence shows late. */
function checkSignIns({ signInSeen, warnings }: Members): Finding[] {
  const codes = codesOf(warnings);
  const why = "nobody has signed in since this instance of the app started";
  const claim = (claimName: string, code: string, consequence: string): Finding => {
    const label = `Sign-in: ${claimName}`;
    const toDo = `Add the optional claim ${claimName} to the ID tokens of the registration: ${consequence}`;
    if (codes.has(code)) return failed(label, `ID tokens bring no ${claimName}`, toDo);
    return signInSeen === true ? ok(label, `ID tokens bring ${claimName}`) : notChecked(label, why);
  };
  return [
    claim("sid", "sid_missing", "sign-outs that begin elsewhere do not arrive"),
    claim("login_hint", "login_hint_missing", "people are asked which account to sign out"),
  ];
}

/** What to do about each further warning of `/readyz`. Its absence means nothing: the app does not say what is configured. */
const furtherWarnings: readonly (readonly [code: string, name: string, found: string, toDo: string])[] = [
  [
    telemetryRefused.code,
    "App: telemetry",
    "the app's telemetry is refused, so nobody sees what fails",
    "The line that begins with telemetry: in the app's log says why. For 403, give the app's identity the role " +
      "Monitoring Metrics Publisher on the Application Insights resource",
  ],
  [
    credentialExpiresSoon.code,
    "App: expiry",
    "the app's client secret or certificate expires within 30 days, or has expired",
    "Replace it: docs/operations.md, Rotate",
  ],
  [
    directoryNotSubscribed.code,
    "App: directory",
    "Microsoft Graph does not notify the app, so that the directory ends sessions a day late",
    "Right after a start, wait for the timer. The event directory_failed in the app's log says why it cannot subscribe",
  ],
];

function checkWarnings({ warnings }: Members): Finding[] {
  const codes = codesOf(warnings);
  return furtherWarnings.flatMap(([code, part, found, toDo]) => (codes.has(code) ? [warning(part, found, toDo)] : []));
}

function codesOf(warnings: unknown): ReadonlySet<unknown> {
  const list: readonly unknown[] = Array.isArray(warnings) ? warnings : [];
  return new Set(list.filter(isRecord).map(({ code }) => code));
}
