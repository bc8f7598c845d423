import { isRecord } from "../core/encoding.ts";

/** Characters of a `claims` request parameter: a URL has to hold it. */
export const maxClaimsLength = 4_096;

/** Whether `text` can be a `claims` request parameter (OpenID Connect Core 1.0 section 5.5): a JSON object, not too long. */
export function isClaimsRequest(text: string): boolean {
  try {
    return text.length <= maxClaimsLength && isRecord(JSON.parse(text));
  } catch {
    return false;
  }
}
