import type { ServerResponse } from "node:http";
import { sendStatus } from "../http/response.ts";

/** The requests that are being worked on. */
export interface Unanswered {
  during(response: ServerResponse, work: Promise<void>): Promise<void>;
  /** Answers 500 to all of them. Resolves when the answers have been sent or cannot be sent. */
  fail(): Promise<void>;
}

const longestSendMs = 500;

export function createUnanswered(): Unanswered {
  const responses = new Set<ServerResponse>();
  return {
    async during(response, work) {
      responses.add(response);
      await work;
      responses.delete(response);
    },
    async fail() {
      await Promise.all([...responses].map(fail));
    },
  };
}

async function fail(response: ServerResponse): Promise<void> {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const sent = Promise.withResolvers<void>();
  response.once("close", sent.resolve).once("finish", sent.resolve);
  const timer = setTimeout(sent.resolve, longestSendMs);
  sendStatus(response, 500, true);
  await sent.promise;
  clearTimeout(timer);
}
