import type { IncomingMessage, ServerResponse } from "node:http";
import { bodyLimit } from "../http/body-limit.ts";
import { continueBody } from "../http/continue.ts";
import { readBody, readHead, type RequestHead } from "../http/request.ts";
import { sendStatus, sendText } from "../http/response.ts";
import type { Router } from "../http/router.ts";
import { describeError } from "../worker/errors.ts";
import { answerAdministration, isAdministration, type CallNow } from "./administration.ts";
import { keyLevelOf } from "./authorization.ts";
import { callBuffered } from "./buffered-call.ts";
import type { HttpCall, HttpOutcome } from "./http-call.ts";
import type { HttpFunction } from "./http-function.ts";
import type { RunningCount } from "./running-count.ts";
import { callStreamed } from "./streamed-call.ts";
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
    } else if (
      head.contentLength > bodyLimit(this.#context.env) ||
      (this.#context.forwarder === undefined && hasNoHost(head))
    ) {
      // Kestrel lets them pass; they fail when the host makes them a message for the worker.
      sendStatus(response, 500, true);
    } else {
      if (head.contentLength > 0) continueBody(request, response);
      const body = head.contentLength > 0 ? await readBody(request) : noBody;
      const isClosing = () => this.#running.stopping;
      if (body !== undefined) await this.#call({ match, head, request, response, isClosing }, body);
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

  async #call(call: HttpCall, body: Buffer): Promise<void> {
    const started = performance.now();
    const { forwarder } = this.#context;
    const outcome =
      forwarder === undefined
        ? await callBuffered(call, body, this.#context)
        : await callStreamed(call, body, forwarder, this.#context);
    if (outcome !== undefined) this.#report(call, outcome, performance.now() - started);
  }

  // Without path and query, because these can contain codes and names.
  #report({ match, head }: HttpCall, { status, failure, invocationId: id }: HttpOutcome, elapsedMs: number): void {
    const { log } = this.#context;
    const { name } = match.target;
    if (failure !== undefined) {
      log.write("error", `Function.${name}`, `failed, answered ${status}: ${describeError(failure)}`, id);
    } else if (log.enabled("information", "Host.Results")) {
      log.write("information", "Host.Results", `${name} ${head.method} ${status} in ${elapsedMs.toFixed(1)} ms`, id);
    }
  }
}

function hasNoHost({ headers }: RequestHead): boolean {
  return headers["host"]?.value === "";
}

const homepage = `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Functions app</title></head>
<body><h1>The functions app is running</h1><p>No function has this address.</p></body>
</html>
`;
