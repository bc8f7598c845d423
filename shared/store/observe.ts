import { addRequestUnits, dependency, type Outcome } from "../telemetry/activity.ts";
import { recording } from "../telemetry/recorder.ts";

/** Answers that a caller of a point operation expects. */
const expected = new Set([404, 409, 412]);

/**
 * Runs one request to the store as a dependency of the invocation, and adds what it cost to what the invocation has
 * spent. Refusals cost, too.
 * @param operation for example "read in accounts"
 */
export async function observed<T>(operation: string, request: () => Promise<T>): Promise<T> {
  const target = operation.split(" in ").at(-1) ?? operation;
  return dependency({ type: "azure.cosmosdb", name: operation, target }, request, (outcome) => {
    const { status, requestUnits } = partsOf(outcome);
    addRequestUnits(requestUnits);
    if (status !== undefined) recording()?.measure("bff.store.request_units", requestUnits, { operation });
    const success = status !== undefined && (status < 400 || expected.has(status));
    return { success, resultCode: String(status ?? 0), attributes: { requestUnits } };
  });
}

/** Status and `x-ms-request-charge` of the SDK's responses and errors. */
function partsOf(outcome: Outcome<unknown>): { status: number | undefined; requestUnits: number } {
  const { statusCode, code, headers } = ("value" in outcome ? outcome.value : (outcome.error ?? {})) as {
    statusCode?: unknown;
    code?: unknown;
    headers?: Record<string, unknown>;
  };
  const status = statusCode ?? code;
  const requestUnits = Number(headers?.["x-ms-request-charge"]);
  return {
    status: typeof status === "number" ? status : undefined,
    requestUnits: Number.isFinite(requestUnits) ? requestUnits : 0,
  };
}
