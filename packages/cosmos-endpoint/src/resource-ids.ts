import { badRequest } from "./responses.ts";

const MAX_ID_BYTES = 1023;

/**
 * Checks the id of a database, container or document: a string of 1 to 1023 bytes without `/ \ # ?`.
 * @throws CosmosError 400
 */
export function checkedId(id: unknown): string {
  if (typeof id !== "string" || id === "") throw badRequest("The property 'id' is missing or is not a string.");
  if (/[/\\#?]/.test(id)) throw badRequest("An id may not contain '/', '\\', '#' or '?'.");
  if (!id.isWellFormed()) throw badRequest("An id must be well-formed Unicode.");
  if (Buffer.byteLength(id) > MAX_ID_BYTES) throw badRequest(`An id may not be longer than ${MAX_ID_BYTES} bytes.`);
  return id;
}
