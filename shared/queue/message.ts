import { isRecord } from "../core/encoding.ts";

/** The text of a message: base64 of JSON, as the queue binding of Azure Functions writes it. */
export function messageOf(content: object): string {
  return Buffer.from(JSON.stringify(content)).toString("base64");
}

/** What a message holds; undefined if it is not base64 of a JSON object. */
export function contentOf(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const content: unknown = JSON.parse(Buffer.from(text, "base64").toString());
    return isRecord(content) ? content : undefined;
  } catch {
    return undefined;
  }
}
