import type { App } from "../shared/app/app.ts";
import { problemCodeOf } from "../shared/core/errors.ts";
import { credentialExpiresSoon, daysBeforeExpiry } from "../shared/identity/credential-expiry.ts";
import type { FunctionDefinition } from "../shared/pipeline/handler.ts";
import { directoryNotSubscribed, queueMissing } from "../shared/readiness/readiness.ts";
import { isTelemetryDelivered, telemetryRefused } from "../shared/telemetry/delivery.ts";
import { warningTexts } from "../shared/telemetry/warnings.ts";

/** `GET /healthz`: says that the process answers, and depends on nothing else. Front ends probe by HEAD. */
export const healthz: FunctionDefinition = {
  name: "healthz",
  route: "healthz",
  methods: ["GET", "HEAD"],
  handler: async () => ({ jsonBody: { status: "ok" } }),
};

/**
 * `GET /readyz`: says whether the app can do its work, with one code for each thing that it depends on. Anyone may ask: the
 * answers are only codes, and are kept for a while, so that frequent requests reach nothing else.
 */
export const readyz: FunctionDefinition = {
  name: "readyz",
  route: "readyz",
  methods: ["GET", "HEAD"],
  async handler(_request, { app, signal }) {
    const [store, identityProvider, credential, warnings] = await Promise.all([
      app.readiness.store(signal),
      outcomeOf(() => app.authority.metadata.get(signal)),
      app.readiness.credential(signal),
      warningsOf(app, signal),
    ]);
    // If the credential is refused, nobody can sign in. If it could not be checked, those who are signed in go on.
    const canSignIn = credential !== "app_refused" && credential !== "app_incomplete";
    const ready = store === "ok" && identityProvider === "ok" && canSignIn;
    return {
      status: ready ? 200 : 503,
      jsonBody: {
        status: ready ? "ready" : "not ready",
        checks: { configuration: "ok", store, identityProvider, credential },
        signInSeen: app.signInSeen,
        warnings,
      },
    };
  },
};

/** What an operator should look at although the app serves everybody. */
async function warningsOf(
  { warnings, readiness, configuration }: App,
  signal: AbortSignal,
): Promise<readonly { readonly code: string; readonly detail: string }[]> {
  const isEnding = daysBeforeExpiry(configuration.azureAd.credential, Date.now()) !== undefined;
  return [
    ...warnings.given.map((warning) => ({ code: warning, detail: warningTexts[warning] })),
    ...(isTelemetryDelivered() ? [] : [telemetryRefused]),
    ...(configuration.signOut.queue ? [] : [queueMissing]),
    ...(isEnding ? [credentialExpiresSoon] : []),
    ...((await readiness.directoryIsSilent(signal)) ? [directoryNotSubscribed] : []),
  ];
}

async function outcomeOf(check: () => Promise<unknown>): Promise<string> {
  try {
    await check();
    return "ok";
  } catch (error) {
    return problemCodeOf(error);
  }
}
