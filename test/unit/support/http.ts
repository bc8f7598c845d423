import { HttpRequest, InvocationContext, type HttpMethod, type HttpResponseInit } from "@azure/functions";
import type { App } from "../../../shared/app/app.ts";
import { QueueUnavailableError } from "../../../shared/queue/errors.ts";
import { httpHandler, type FunctionDefinition } from "../../../shared/pipeline/handler.ts";

export interface Exchange {
  readonly response: HttpResponseInit;
  readonly headers: Readonly<Record<string, string>>;
  /** Cookies that the answer sets, by name; an empty value clears. */
  readonly cookies: ReadonlyMap<string, string>;
  /** The body as text, or the JSON that it is. */
  readonly body: unknown;
  /** Everything that went to the log. */
  readonly log: string;
  /** Sign-outs that were put into the queue. */
  readonly deferred: readonly unknown[];
}

export interface Request {
  readonly method?: HttpMethod;
  readonly path?: string;
  readonly headers?: Record<string, string>;
  readonly params?: Record<string, string>;
  readonly body?: string;
  /** Whether the queue takes no sign-outs. */
  readonly queueIsDown?: boolean;
}

/** Calls a function as the Functions programming model would. */
export async function call(app: App, definition: FunctionDefinition, request: Request = {}): Promise<Exchange> {
  const {
    method = definition.methods[0] ?? "GET",
    path = `/${definition.route}`,
    headers = {},
    params = {},
    body,
    queueIsDown = false,
  } = request;
  const url = `http://localhost:7071${path}`;
  const lines: unknown[] = [];
  const context = new InvocationContext({
    functionName: definition.name,
    logHandler: (_level, ...args) => lines.push(...args),
  });
  const deferred: unknown[] = [];
  const defer = async (order: unknown) => {
    if (queueIsDown) throw new QueueUnavailableError("put into sign-outs", { statusCode: 403 });
    deferred.push(order);
  };
  const asked = new HttpRequest({
    method,
    url,
    headers,
    params,
    ...(body !== undefined && { body: { string: body } }),
  });
  const response = (await httpHandler(definition, app, defer)(asked, context)) as HttpResponseInit;
  return {
    response,
    headers: response.headers as Record<string, string>,
    cookies: new Map(response.cookies?.map(({ name, value }) => [name, value])),
    body: parsed(response),
    log: lines.join("\n"),
    deferred,
  };
}

function parsed({ jsonBody, body }: HttpResponseInit): unknown {
  if (jsonBody !== undefined) return jsonBody;
  if (typeof body !== "string") return body;
  return body.startsWith("{") ? JSON.parse(body) : body;
}
