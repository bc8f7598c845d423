import { request } from "undici";

const timeoutMs = 10_000;

/** One answer, with its body as text. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** By how many seconds the answering machine's clock is ahead of this one's; undefined if the answer has no date. */
  readonly clockAhead: number | undefined;
}

/**
 * GET, without following redirects. It does not use `fetch`, which sends `Sec-Fetch-Mode` like a page's script: a
 * sign-in begins only for a navigation, or for a program that sends no such header.
 * @throws {Error} whose message says briefly why there is no answer
 */
export async function get(url: string, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
  const sentAt = Date.now();
  try {
    const answer = await request(url, { headers, signal: AbortSignal.timeout(timeoutMs) });
    const at = (sentAt + Date.now()) / 2;
    const date = Date.parse(String(answer.headers["date"] ?? ""));
    return {
      status: answer.statusCode,
      headers: new Headers(flat(answer.headers)),
      text: await answer.body.text(),
      clockAhead: Number.isNaN(date) ? undefined : Math.round((date - at) / 1000),
    };
  } catch (error) {
    throw new Error(reasonOf(error), { cause: error });
  }
}

function flat(headers: Readonly<Record<string, string | string[] | undefined>>): [string, string][] {
  return Object.entries(headers).flatMap(([name, value = []]) =>
    [value].flat().map((each): [string, string] => [name, each]),
  );
}

/** Briefly, why a request failed: the system's error code, if there is one. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return "the connection failed";
  if (error.name === "TimeoutError" || error.name === "AbortError") return "no answer in time";
  const { code } = error as { code?: unknown };
  if (typeof code === "string" && /^[A-Z][A-Z_0-9]+$/.test(code)) return code;
  return error.cause === undefined ? "the connection failed" : reasonOf(error.cause);
}

/** The object in a JSON text, or undefined. */
export function jsonObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
    return isObject ? (value as Readonly<Record<string, unknown>>) : undefined;
  } catch {
    return undefined;
  }
}
