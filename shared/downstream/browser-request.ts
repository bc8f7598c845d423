import type { HttpRequest } from "@azure/functions";
import type { DownstreamApiConfiguration } from "../configuration/downstream-apis.ts";
import { ProblemError } from "../core/errors.ts";
import { fieldsForApi } from "../http/forwarded-fields.ts";
import type { ResolvedSession } from "../session/resolve.ts";
import type { ApiRequest } from "./exchange.ts";
import { unmarkedRequest } from "./private-caching.ts";

/** What is kept in memory, so that it can be sent again when the API asks for a newer token. */
const keptBytes = 65_536;

/**
 * A browser's request as it goes to an API.
 * @param streaming whether the body comes as a stream, so that a large one need not be in memory
 * @throws {ProblemError} `length_required` or `body_too_large`
 */
export async function browserRequest(
  api: DownstreamApiConfiguration,
  session: ResolvedSession | undefined,
  request: HttpRequest,
  streaming: boolean,
): Promise<ApiRequest> {
  const fields = fieldsForApi(request.headers);
  const headers = session !== undefined && api.caching === "private" ? unmarkedRequest(session, fields) : fields;
  const body = await bodyOf(request, api.maxRequestBytes, streaming);
  if (body === undefined) return { method: request.method, headers };
  const length = body instanceof ReadableStream ? request.headers.get("content-length") : String(body.byteLength);
  return {
    method: request.method,
    headers: { ...headers, ...(length !== null && { "content-length": length }) },
    body,
  };
}

async function bodyOf(request: HttpRequest, maxBytes: number, streaming: boolean): Promise<ApiRequest["body"]> {
  const length = request.headers.get("content-length");
  const isChunked = request.headers.has("transfer-encoding");
  const stream = request.body as ReadableStream<Uint8Array> | null;
  if (stream === null && isChunked) {
    // The Functions host drops such a body: what would reach the API is not what was sent.
    throw new ProblemError("length_required", "Send a Content-Length instead of chunks.");
  }
  // With streams there always is one.
  if (stream === null || (streaming && length === null && !isChunked)) return undefined;
  if (Number(length ?? 0) > maxBytes) throw tooLarge(maxBytes);
  if (streaming && (length === null || Number(length) > keptBytes)) return limited(stream, maxBytes);
  const bytes = new Uint8Array(await request.arrayBuffer());
  if (bytes.byteLength > maxBytes) throw tooLarge(maxBytes);
  return bytes;
}

/** A body whose length nobody has told is refused when it turns out to be too long. */
function limited(body: ReadableStream<Uint8Array>, maxBytes: number): ReadableStream<Uint8Array> {
  let size = 0;
  const reader = body.getReader();
  const pull = async (controller: ReadableStreamDefaultController<Uint8Array>) => {
    const { done, value } = await reader.read();
    if (done) return controller.close();
    size += value.byteLength;
    if (size <= maxBytes) return controller.enqueue(value);
    controller.error(tooLarge(maxBytes));
    await readToEnd(reader);
  };
  return new ReadableStream({ pull }, { highWaterMark: 0 });
}

/** The Functions host passes no answer on before the whole request has been taken. */
async function readToEnd(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<void> {
  while (!(await reader.read()).done);
}

function tooLarge(maxBytes: number): ProblemError {
  return new ProblemError("body_too_large", `At most ${maxBytes} bytes can be forwarded.`);
}
