import type { IncomingMessage, ServerResponse } from "node:http";
import { bodyLimit } from "../http/body-limit.ts";
import { continueBody } from "../http/continue.ts";
import { readBody, type RequestHead } from "../http/request.ts";
import { sendStatus, sendText } from "../http/response.ts";
import { keyLevelOf } from "./authorization.ts";
import type { TriggerContext } from "./trigger.ts";

/** Calls a function by its name in any case, once and at once; `undefined` when it cannot be called by hand. */
export type CallNow = (functionName: string) => Promise<void> | undefined;

const administration = /^\/(?:admin\/(?:host|functions|instance|extensions|vfs|zip|warmup)|runtime\/webhooks)(?:\/|$)/i;
const oneFunction = /^\/admin\/functions\/([^/]+)\/?$/i;

/** Whether a path belongs to the host itself. */
export function isAdministration(path: string): boolean {
  return administration.test(path);
}

/**
 * Answers the host's own addresses, only with the master key: `POST /admin/functions/<name>` with a JSON object calls a
 * timer function, disabled or not, and answers 202 at once. Everything else gets 501.
 */
export async function answerAdministration(
  head: RequestHead,
  request: IncomingMessage,
  response: ServerResponse,
  context: TriggerContext,
  callNow: CallNow,
): Promise<void> {
  const level = await keyLevelOf(head, "", context);
  if (level !== "admin") {
    sendStatus(response, level === "unreadable" ? 500 : 401, false);
    return;
  }
  const name = head.method.toUpperCase() === "POST" ? oneFunction.exec(head.path)?.[1] : undefined;
  if (name === undefined) refuse(response, `${head.path}: not implemented by the local functions host\n`);
  else await callByHand(name, head, request, response, context, callNow);
}

async function callByHand(
  name: string,
  head: RequestHead,
  request: IncomingMessage,
  response: ServerResponse,
  context: TriggerContext,
  callNow: CallNow,
): Promise<void> {
  if (head.contentLength > bodyLimit(context.env)) return void sendStatus(response, 500, true);
  continueBody(request, response);
  const body = await readBody(request);
  if (body === undefined) return;
  if (!/^application\/json\b/i.test(head.headers["content-type"]?.value ?? "")) {
    sendStatus(response, 415, false);
  } else if (!isJsonObject(body)) {
    sendStatus(response, 400, false);
  } else if (![...context.app.functions.keys()].some((known) => known.toLowerCase() === name.toLowerCase())) {
    sendStatus(response, 404, false);
  } else if (callNow(name) === undefined) {
    refuse(response, `${name}: only timer functions can be called so by the local functions host\n`);
  } else {
    sendStatus(response, 202, false);
  }
}

function refuse(response: ServerResponse, text: string): void {
  sendText(response, 501, "text/plain; charset=utf-8", text);
}

function isJsonObject(body: Buffer): boolean {
  try {
    const value: unknown = JSON.parse(body.toString());
    return typeof value === "object" && value !== null;
  } catch {
    return false;
  }
}
