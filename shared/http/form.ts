import type { HttpRequest } from "@azure/functions";
import { ProblemError } from "../core/errors.ts";
import { mediaTypeOf } from "./field-values.ts";

/**
 * Reads the body of a form (`application/x-www-form-urlencoded`).
 * @throws {ProblemError} `invalid_request` for another content type or none, `length_required` for a body in chunks, which
 *   the Functions host drops, `body_too_large` for more than `maxBytes`
 */
export async function readForm(request: HttpRequest, maxBytes: number): Promise<URLSearchParams> {
  if (mediaTypeOf(request.headers.get("content-type")) !== "application/x-www-form-urlencoded") {
    throw new ProblemError("invalid_request", "The body must be application/x-www-form-urlencoded.");
  }
  if (request.body === null) {
    if (request.headers.has("transfer-encoding")) {
      throw new ProblemError("length_required", "Send a Content-Length instead of chunks.");
    }
    return new URLSearchParams();
  }
  const body = await request.arrayBuffer();
  if (body.byteLength > maxBytes) {
    throw new ProblemError("body_too_large", `The body may have at most ${maxBytes / 1024} KiB.`);
  }
  // U+FEFF is kept: a name that begins with it is a different name.
  return new URLSearchParams(new TextDecoder("utf-8", { ignoreBOM: true }).decode(body));
}
