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
    const { status, substatus, requestUnits } = partsOf(outcome);
    addRequestUnits(requestUnits);
    if (status !== undefined) recording()?.measure("bff.store.request_units", requestUnits, { operation });
    const success = status !== undefined && (status < 400 || expected.has(status));
    return { success, resultCode: String(status ?? 0), attributes: { requestUnits, ...substatus } };
  });
}

interface Parts {
  readonly status: number | undefined;
  /** What a refusal is about, where the store says more than its status. */
  readonly substatus: { readonly substatus?: number };
  readonly requestUnits: number;
}

/** Status and `x-ms-request-charge` of the SDK's responses and errors. */
function partsOf(outcome: Outcome<unknown>): Parts {
  const { statusCode, code, substatus, headers } = ("value" in outcome ? outcome.value : (outcome.error ?? {})) as {
    statusCode?: unknown;
    code?: unknown;
    substatus?: unknown;
    headers?: Record<string, unknown>;
  };
  const status = statusCode ?? code;
  const requestUnits = Number(headers?.["x-ms-request-charge"]);
  return {
    status: typeof status === "number" ? status : undefined,
    substatus: typeof substatus === "number" && substatus > 0 ? { substatus } : {},
    requestUnits: Number.isFinite(requestUnits) ? requestUnits : 0,
  };
}
