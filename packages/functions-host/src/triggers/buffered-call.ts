import { sendRpcHttp, sendStatus, UnsendableResponseError } from "../http/response.ts";
import { toError } from "../worker/errors.ts";
import { toHttpResponse, toInvocationRequest } from "../worker/rpc-http.ts";
import { execute } from "./execute.ts";
import type { HttpCall, HttpOutcome } from "./http-call.ts";
import type { TriggerContext } from "./trigger.ts";

/**
 * Answers a request as the host does by default: one message to the worker has the whole request, another has the whole
 * answer.
 * @returns `undefined` if something else has answered
 */
export async function callBuffered(
  { match: { target, params }, head, response, isClosing }: HttpCall,
  body: Buffer,
  context: TriggerContext,
): Promise<HttpOutcome | undefined> {
  const invocation = toInvocationRequest(target.registered, head, params, body, context.hostJson);
  const { invocationId } = invocation;
  try {
    const http = toHttpResponse(await execute(context, target.registered, invocation));
    if (response.headersSent) return undefined;
    const closing = isClosing();
    const status = http === undefined ? sendStatus(response, 204, closing) : sendRpcHttp(response, http, closing);
    return { invocationId, status };
  } catch (error) {
    const status = error instanceof UnsendableResponseError ? error.status : 500;
    if (!response.headersSent) sendStatus(response, status, isClosing());
    return { invocationId, status, failure: toError(error) };
  }
}
