import { firstQueryValue } from "../http/query.ts";
import type { RequestHead } from "../http/request.ts";
import type { KeyLevel } from "../keys.ts";
import type { TriggerContext } from "./trigger.ts";

/**
 * What the key of a request opens on that function. A key in the header wins over one in the query, even a wrong one, and
 * `code` in the query is taken for a key whatever it is and whatever the function asks for.
 * @param functionName "" for the host itself
 * @returns "unreadable" when there is something like a key, and the host cannot read those it has
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
