import type { HttpRequest } from "@azure/functions";
import { ProblemError } from "../core/errors.ts";
import { mediaTypeOf } from "./field-values.ts";

/**
 * Reads a body of JSON.
 * @throws {ProblemError} `invalid_request` for another content type, for no body and for what is no JSON, `body_too_large`
 *   for more than `maxBytes`
 */
export async function readJson(request: HttpRequest, maxBytes: number): Promise<unknown> {
  if (mediaTypeOf(request.headers.get("content-type")) !== "application/json") {
    throw new ProblemError("invalid_request", "The body must be application/json.");
  }
  const body = await request.arrayBuffer();
  if (body.byteLength > maxBytes) {
    throw new ProblemError("body_too_large", `The body may have at most ${maxBytes / 1024} KiB.`);
  }
  try {
    return JSON.parse(new TextDecoder().decode(body));
  } catch (cause) {
    throw new ProblemError("invalid_request", "The body is not JSON.", { cause });
  }
}
