import { randomUUID } from "node:crypto";
import { isObject } from "../json-file.ts";
import type { RpcInvocationRequest, RpcTypedData } from "../worker/core-types.ts";
import { newTrace } from "../worker/trace-context.ts";
import type { MessageEncoding } from "./settings.ts";
import type { ReceivedMessage } from "./storage.ts";

export function encodeMessage(content: Buffer, encoding: MessageEncoding): string {
  return content.toString(encoding === "base64" ? "base64" : "utf8");
}

/** @returns `undefined` when the text is not in that encoding. */
export function decodeMessage(text: string, encoding: MessageEncoding): Buffer | undefined {
  if (encoding === "none") return Buffer.from(text);
  const digits = text.replaceAll(/\s/g, "");
  return base64.test(digits) ? Buffer.from(digits, "base64") : undefined;
}

const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/**
 * A message as the invocation of a function: what the host would send to the worker.
 * @param sampled whether its trace is recorded
 * @throws {TypeError} when the content is not UTF-8
 */
export function toQueueInvocation(
  fn: { readonly metadata: { readonly name: string }; readonly bindingName: string },
  message: ReceivedMessage,
  content: Buffer,
  sampled: boolean,
): RpcInvocationRequest {
  const text = new TextDecoder("utf-8", { fatal: true }).decode(content);
  return {
    invocationId: randomUUID(),
    functionId: fn.metadata.name,
    // The programming model parses what is JSON.
    inputData: [{ name: fn.bindingName, data: { string: text } }],
    triggerMetadata: triggerMetadata(message, text),
    traceContext: newTrace(sampled),
  };
}

function triggerMetadata(message: ReceivedMessage, text: string): Record<string, RpcTypedData> {
  const { id, popReceipt, dequeueCount, insertedOn, expiresOn, nextVisibleOn } = message;
  const metadata: Record<string, RpcTypedData> = {
    QueueTrigger: { string: text },
    DequeueCount: { json: String(dequeueCount) },
    ExpirationTime: time(expiresOn),
    Id: { string: id },
    InsertionTime: time(insertedOn),
    NextVisibleTime: time(nextVisibleOn),
    PopReceipt: { string: popReceipt },
  };
  const own = new Map(Object.keys(metadata).map((name) => [name.toLowerCase(), name]));
  for (const [name, value] of Object.entries(contentMetadata(text))) {
    metadata[own.get(name.toLowerCase()) ?? name] = value;
  }
  return metadata;
}

function time(date: Date): RpcTypedData {
  return { json: JSON.stringify(date.toISOString().replace(/(?:\.000)?Z$/, "+00:00")) };
}

// The members of a JSON object are offered to bindings too, and hide what has the same name: arrays and null excepted.
function contentMetadata(text: string): Record<string, RpcTypedData> {
  const content = parsed(text);
  if (!isObject(content)) return {};
  const members = Object.entries(content).flatMap(([name, value]) => {
    if (value === null || Array.isArray(value)) return [];
    return [[name, isObject(value) ? { json: JSON.stringify(value) } : { string: scalar(value) }] as const];
  });
  return Object.fromEntries(members);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** As .NET writes it. */
export function scalar(value: unknown): string {
  if (typeof value === "boolean") return value ? "True" : "False";
  return String(value);
}
