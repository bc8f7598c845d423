import { firstQueryValue } from "../http/query.ts";
import type { RequestHead } from "../http/request.ts";
import type { KeyLevel, KeyRing } from "../keys.ts";

/**
 * What the key of a request opens on that function. A key in the header wins over one in the query, even a wrong one.
 * @param functionName "" for the host itself
 */
export function keyLevelOf(head: RequestHead, functionName: string, keys: KeyRing): KeyLevel | undefined {
  const key = head.headers["x-functions-key"]?.value ?? firstQueryValue(head.query, "code");
  return key === undefined || key === null || key === "" ? undefined : keys.levelOf(key, functionName);
}
