import { firstQueryValue } from "../http/query.ts";
import type { RequestHead } from "../http/request.ts";
import type { KeyLevel } from "../keys.ts";
import type { TriggerContext } from "./trigger.ts";

/**
 * What the key of a request permits on this function. A key in the header takes precedence over one in the query, even
 * if it is wrong. `code` in the query is taken for a key, whatever it is and whatever the function requires.
 * @param functionName "" for the host itself
 * @returns "unreadable" if the request has something like a key, and the host cannot read its own keys
 */
export async function keyLevelOf(
  head: RequestHead,
  functionName: string,
  { keys, keyStorage }: TriggerContext,
): Promise<KeyLevel | "none" | "unreadable"> {
  const key = head.headers["x-functions-key"]?.value ?? firstQueryValue(head.query, "code");
  if (key === undefined || key === null || key === "") return "none";
  if (!(await keyStorage.read())) return "unreadable";
  return keys.levelOf(key, functionName) ?? "none";
}
