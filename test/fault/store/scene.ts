import assert from "node:assert/strict";
import { codeOf } from "../../support/assertions.ts";
import type { Answer, Client } from "../../support/http-client.ts";
import { sessionCookie } from "../../support/world.ts";
import type { Container, Kind } from "./faults.ts";
import type { Stage } from "./stage.ts";
import { answerInWords } from "./words.ts";

/** What became of what somebody asked for. */
export interface Outcome {
  /** Undefined where nobody gets one: the queue. */
  readonly answer?: Answer;
  /** What the caller sees, in words that are the same at every run. */
  readonly seen: string;
}

/** One request of the app at the store on the way of a journey. */
export interface StoreOperation {
  readonly kind: Kind;
  readonly container: Container;
  /** What it is for, where the journey does several such. */
  readonly of?: string;
  /** How many such requests come before it. */
  readonly skip?: number;
  /** Whether it reads a document that is not there. */
  readonly findsNothing?: boolean;
  /** Whether nobody ever deletes the document. */
  readonly isLasting?: boolean;
}

/** People and documents of their own, for one try. */
export interface Scene {
  /** Id of the document that `operation` is about. */
  idOf(operation: StoreOperation): string;
  /** Which writes of that document are this try's, where several write the same one. */
  readonly isOwn?: (written: Readonly<Record<string, unknown>>) => boolean;
  /** The account that it is about. */
  readonly accountKey: string;
  /** Whose session the cookie was for, where that is another one. */
  readonly earlierAccountKey?: string;
  act(): Promise<Outcome>;
  /** What is in the store, in words. */
  stored(): Promise<string>;
  /** That the caller was told the truth, and that nothing happened twice. Called when the trouble is over. */
  verify(outcome: Outcome): Promise<void>;
  /** How {@link stored} must begin when every sign-out that was left for later has been carried out. */
  readonly storedInTheEnd?: string;
}

/** Something that a person, a provider or an operator does, and what the app asks of the store for it. */
export interface Journey {
  readonly title: string;
  readonly what: string;
  readonly operations: readonly StoreOperation[];
  setUp(stage: Stage): Promise<Scene>;
}

export function outcomeOf(answer: Answer): Outcome {
  return { answer, seen: answerInWords(answer) };
}

/**
 * What the browser's cookie opens now is what the store holds, and there is nothing in between.
 * @param maySoonBeAnother whether the store holds a session that replaced it in this browser: then the answer leaves the
 *   cookie alone, for the new one may be on its way
 */
export async function assertCookieOpens(client: Client, isOpen: boolean, maySoonBeAnother = false): Promise<void> {
  const answer = await client.fetch("/auth/me");
  const seen = `${answer.status} ${codeOf(answer)}`;
  assert.equal(seen.trim(), isOpen ? "200" : "401 signin_required", "what the cookie opens");
  if (!isOpen && !maySoonBeAnother)
    assert.equal(client.cookies("localhost").get(sessionCookie), undefined, "a cookie that opens nothing");
}

/** Sign-outs that the app has left for later, about this account or this `sid`. */
export function deferredOf({ world }: Stage, keys: readonly string[]): readonly unknown[] {
  return world.deferred.filter((order) => {
    const { accountKey, sidKey } = order as { accountKey: string | null; sidKey: string | null };
    return [accountKey, sidKey].some((key) => key !== null && keys.includes(key));
  });
}

/** Whoever is told "later" is in the queue, once; nobody else is. */
export function assertDeferred(stage: Stage, keys: readonly string[], { answer }: Outcome): void {
  const expected = answer && codeOf(answer) === "signout_deferred" ? 1 : 0;
  assert.equal(deferredOf(stage, keys).length, expected, "sign-outs left for later");
}
