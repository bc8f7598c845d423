import { isRecord } from "../core/encoding.ts";

/** The longest `claims` request parameter, in characters: it has to fit into a URL. */
export const maxClaimsLength = 4_096;

/** Whether `text` can be a `claims` request parameter (OpenID Connect Core 1.0 section 5.5): a JSON object, not too long. */
export function isClaimsRequest(text: string): boolean {
  try {
    return text.length <= maxClaimsLength && isRecord(JSON.parse(text));
  } catch {
    return false;
  }
}
