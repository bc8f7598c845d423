import assert from "node:assert/strict";
import type { Answer } from "./http-client.ts";

/** Checks for problem details (RFC 9457) with this status and code. */
export function assertProblem(answer: Answer, status: number, code: string): void {
  assert.equal(`${answer.status} ${codeOf(answer)}`, `${status} ${code}`, answer.body);
  assert.match(answer.headers["content-type"] ?? "", /^application\/problem\+json/);
  assert.equal(answer.json()["status"], status);
}

/** The stable code of a failure; its title where the answer is a page; nothing where the host itself has answered. */
export function codeOf(answer: Answer): string {
  if (answer.headers["content-type"]?.startsWith("application/problem+json")) return String(answer.json()["code"]);
  return /<title>([^<]*)<\/title>/.exec(answer.body)?.[1] ?? "";
}

/** Whether the answer takes the session cookie away. */
export function clearsSession({ headers }: Answer): boolean {
  return (headers["set-cookie"] ?? []).some((cookie) => /^(__Host-)?session=;.*max-age=0/i.test(cookie));
}

/**
 * Nobody waits longer than ten seconds: the app counts eight, which unit tests hold, and the rest is for sending. Seen from
 * outside, on a busy machine, it may be half as much again.
 */
export const longestWaitMs = 15_000;

/** Runs `act` and checks that nobody had to wait too long for it. */
export async function inTime<T>(act: () => Promise<T>): Promise<T> {
  const startedAt = performance.now();
  const result = await act();
  const took = performance.now() - startedAt;
  assert.ok(took <= longestWaitMs, `took ${Math.round(took)} ms`);
  return result;
}
