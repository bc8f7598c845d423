import { isObject } from "../json-file.ts";

/** What a queue's listener does about a failure, in Azure. */
export type Trouble = "survived" | { readonly endsAfterMs: number };

/** As measured from the start of the real host; settings make it shorter in tests. */
const measured = { denied: 10_000, refused: 37_000 } as const;

/**
 * How the real host takes a failure to read a queue: 401 and 403, and connections that are refused, end it; 404, 5xx and
 * silence do not.
 */
export function judgeTrouble(error: unknown, env: NodeJS.ProcessEnv): Trouble {
  const { statusCode, code } =
    isObject(error) || error instanceof Error ? (error as { statusCode?: unknown; code?: unknown }) : {};
  if (statusCode === 401 || statusCode === 403) {
    return { endsAfterMs: readMs(env["FunctionsHost__QueueDeniedMs"], measured.denied) };
  }
  if (code === "REQUEST_SEND_ERROR" || code === "ECONNREFUSED") {
    return { endsAfterMs: readMs(env["FunctionsHost__QueueRefusedMs"], measured.refused) };
  }
  return "survived";
}

function readMs(value: string | undefined, fallback: number): number {
  const ms = Number(value ?? fallback);
  return Number.isFinite(ms) && ms >= 0 ? ms : fallback;
}
