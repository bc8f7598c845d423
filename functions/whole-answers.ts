import { HttpResponse, type HttpHandler, type HttpResponseInit } from "@azure/functions";

/**
 * Makes a handler answer with a response whose body is ready. `@azure/functions` would put a body of bytes into a stream, and read
 * it from there for the host, which takes longer than everything else that it does with an answer. Not for HTTP streams.
 */
export function wholeAnswers(handler: HttpHandler): HttpHandler {
  return async (request, invocation) => {
    const answer = await handler(request, invocation);
    return isWhole(answer) ? new WholeAnswer(answer) : answer;
  };
}

/** Statuses that have no body, whatever a handler returns. */
const withoutBody: ReadonlySet<number | undefined> = new Set([204, 205, 304]);

type Whole = HttpResponseInit & { readonly body: Uint8Array };

function isWhole(answer: HttpResponseInit | HttpResponse): answer is Whole {
  if (answer instanceof HttpResponse || answer.jsonBody !== undefined) return false;
  return answer.body instanceof Uint8Array && !withoutBody.has(answer.status);
}

class WholeAnswer extends HttpResponse {
  readonly #bytes: Uint8Array;

  constructor({ body, ...head }: Whole) {
    super(head);
    this.#bytes = body;
  }

  /** What the programming model reads. */
  override readonly arrayBuffer = async (): Promise<ArrayBuffer> => {
    const { buffer, byteLength } = this.#bytes;
    const isAll = buffer instanceof ArrayBuffer && buffer.byteLength === byteLength;
    return Promise.resolve(isAll ? buffer : new Uint8Array(this.#bytes).buffer);
  };

  // What a hook of the app may read.
  override readonly blob = async () => this.#response().blob();
  override readonly json = async () => this.#response().json();
  override readonly text = async () => this.#response().text();

  #response(): Response {
    return new Response(new Uint8Array(this.#bytes), { headers: this.headers });
  }
}
