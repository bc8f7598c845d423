import type { IncomingMessage, ServerResponse } from "node:http";
import { readBody, readHead, limits, type RequestHead } from "../http/request.ts";
import { sendRpcHttp, sendStatus, sendText, UnsendableResponseError } from "../http/response.ts";
import type { RouteMatch, Router } from "../http/router.ts";
import { describeError, toError } from "../worker/errors.ts";
import { toHttpResponse, toInvocationRequest } from "../worker/rpc-http.ts";
import { answerAdministration, isAdministration, type CallNow } from "./administration.ts";
import { keyLevelOf } from "./authorization.ts";
import { execute } from "./execute.ts";
import type { HttpFunction } from "./http-function.ts";
import type { RunningCount } from "./running-count.ts";
import type { TriggerContext } from "./trigger.ts";

const noBody = Buffer.alloc(0);

/** Everything between a parsed request head and the response. */
export class HttpSite {
  readonly #context: TriggerContext;
  readonly #route: Router<HttpFunction>;
  readonly #running: RunningCount;
  readonly #callNow: CallNow;

  constructor(context: TriggerContext, route: Router<HttpFunction>, running: RunningCount, callNow: CallNow) {
    this.#context = context;
    this.#route = route;
    this.#running = running;
    this.#callNow = callNow;
  }

  /** Answers one request; never rejects. */
  async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const head = readHead(request);
      if (typeof head === "number") sendStatus(response, head, true);
      else if (this.#running.stopping) sendStatus(response, 503, true);
      else await this.#dispatch(head, request, response);
    } catch (error) {
      this.#context.log.write("error", "Host", describeError(error));
      if (response.headersSent) response.destroy();
      else sendStatus(response, 500, true);
    }
  }

  async #dispatch(head: RequestHead, request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (isAdministration(head.path)) {
      await answerAdministration(head, request, response, this.#context, this.#callNow);
      return;
    }
    const match = this.#route(head.method.toUpperCase(), head.path);
    if (match === undefined) {
      this.#answerUnrouted(head, response);
      return;
    }
    const refusal = await this.#refusalFor(match.target, head);
    if (refusal !== undefined) {
      sendStatus(response, refusal, false);
    } else if (head.contentLength > limits.body || head.headers["host"]?.value === "") {
      // Kestrel lets them pass; they fail when the host makes them a message for the worker.
      sendStatus(response, 500, true);
    } else {
      const body = head.contentLength > 0 ? await readBody(request) : noBody;
      if (body !== undefined) await this.#call(match, head, body, response);
    }
  }

  #answerUnrouted(head: RequestHead, response: ServerResponse): void {
    const withoutHomepage = this.#context.env["AzureWebJobsDisableHomepage"]?.toLowerCase() === "true";
    if (head.path !== "/") sendStatus(response, 404, false);
    else if (withoutHomepage) sendStatus(response, 204, false);
    else sendText(response, 200, "text/html; charset=utf-8", homepage);
  }

  async #refusalFor({ authLevel, name }: HttpFunction, head: RequestHead): Promise<number | undefined> {
    const level = await keyLevelOf(head, name, this.#context);
    if (level === "unreadable") return 500;
    return authLevel === "anonymous" || level === "admin" || level === authLevel ? undefined : 401;
  }

  async #call(
    { target, params }: RouteMatch<HttpFunction>,
    head: RequestHead,
    body: Buffer,
    response: ServerResponse,
  ): Promise<void> {
    const started = performance.now();
    const { registered } = target;
    const invocation = toInvocationRequest(registered, head, params, body, this.#context.hostJson);
    let failure: Error | undefined;
    let status: number;
    try {
      const http = toHttpResponse(await execute(this.#context, registered, invocation));
      if (response.headersSent) return;
      const closing = this.#running.stopping;
      status = http === undefined ? sendStatus(response, 204, closing) : sendRpcHttp(response, http, closing);
    } catch (error) {
      failure = toError(error);
      status = error instanceof UnsendableResponseError ? error.status : 500;
      if (!response.headersSent) sendStatus(response, status, this.#running.stopping);
    }
    this.#report(target.name, head.method, status, failure, performance.now() - started, invocation.invocationId);
  }

  // Neither path nor query: they can hold codes and names.
  #report(
    name: string,
    method: string,
    status: number,
    failure: Error | undefined,
    elapsedMs: number,
    id: string,
  ): void {
    const { log } = this.#context;
    if (failure !== undefined) {
      log.write("error", `Function.${name}`, `failed, answered ${status}: ${describeError(failure)}`, id);
    } else if (log.enabled("information", "Host.Results")) {
      log.write("information", "Host.Results", `${name} ${method} ${status} in ${elapsedMs.toFixed(1)} ms`, id);
    }
  }
}

const homepage = `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Functions app</title></head>
<body><h1>The functions app is running</h1><p>No function has this address.</p></body>
</html>
`;
