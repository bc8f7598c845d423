import type { App } from "../shared/app.ts";
import { warningTexts } from "../shared/app.ts";
import { conditionOf } from "../shared/errors.ts";
import type { FunctionDefinition } from "../shared/http/handler.ts";

/** `GET /healthz`: the process answers. Asks nobody else. */
export const healthz: FunctionDefinition = {
  name: "healthz",
  route: "healthz",
  methods: ["GET"],
  handler: async () => ({ jsonBody: { status: "ok" } }),
};

/** `GET /readyz`: whether the app can do its work, with one entry for each thing that it depends on. */
export const readyz: FunctionDefinition = {
  name: "readyz",
  route: "readyz",
  methods: ["GET"],
  async handler(_request, { app, signal }) {
    const [store, identityProvider] = await Promise.all([
      outcomeOf(() => readBothContainers(app, signal)),
      outcomeOf(() => app.authority.metadata.get(signal)),
    ]);
    const ready = store === "ok" && identityProvider === "ok";
    return {
      status: ready ? 200 : 503,
      jsonBody: {
        status: ready ? "ready" : "not ready",
        checks: { configuration: "ok", store, identityProvider },
        signInSeen: app.signInSeen,
        warnings: [...app.warnings].map((warning) => ({ code: warning, detail: warningTexts[warning] })),
      },
    };
  },
};

async function readBothContainers(app: App, signal: AbortSignal): Promise<void> {
  const { accounts, sids } = await app.store();
  await Promise.all([accounts.read("readyz", signal), sids.read("readyz", signal)]);
}

async function outcomeOf(check: () => Promise<unknown>): Promise<string> {
  try {
    await check();
    return "ok";
  } catch (error) {
    return conditionOf(error);
  }
}
