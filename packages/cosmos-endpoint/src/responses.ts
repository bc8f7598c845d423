/** What goes back over the wire. `body` is "" for an answer without one. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Any JSON object, as it came in. */
export type JsonObject = Record<string, unknown>;

/** True for a JSON object: not null, not an array. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Substatus codes (`x-ms-substatus`) that Azure Cosmos DB sends with a status of 400 or more. */
export const Substatus = {
  writeForbidden: 3,
  partitionKeyMismatch: 1001,
  ownerNotFound: 1003,
  throttled: 3200,
} as const;

const CODES: Readonly<Record<number, string>> = {
  400: "BadRequest",
  401: "Unauthorized",
  403: "Forbidden",
  404: "NotFound",
  405: "MethodNotAllowed",
  408: "RequestTimeout",
  409: "Conflict",
  410: "Gone",
  412: "PreconditionFailed",
  413: "RequestEntityTooLarge",
  429: "TooManyRequests",
  431: "RequestHeaderFieldsTooLarge",
  449: "RetryWith",
  500: "InternalServerError",
  501: "NotImplemented",
  503: "ServiceUnavailable",
};

/** The name in the `code` of an error body, for example `NotFound` for 404. */
export function codeOf(status: number): string {
  return CODES[status] ?? String(status);
}

/** A request that ends with a status of 400 or more. */
export class CosmosError extends Error {
  readonly status: number;
  readonly substatus: number | undefined;

  constructor(status: number, message: string, substatus?: number) {
    super(message);
    this.name = "CosmosError";
    this.status = status;
    this.substatus = substatus;
  }
}

/** 400: the request itself is wrong. */
export function badRequest(message: string, substatus?: number): CosmosError {
  return new CosmosError(400, message, substatus);
}

/** 501: Azure Cosmos DB can do this, but this endpoint cannot. `what` names it. */
export function notImplemented(what: string): CosmosError {
  return new CosmosError(501, `The local Cosmos DB endpoint does not implement ${what}.`);
}

/** An error on the wire: the SDK needs a JSON body with a `message` for every status of 400 or more. */
export function errorAnswer(error: CosmosError): Answer {
  return {
    status: error.status,
    headers: error.substatus === undefined ? {} : { "x-ms-substatus": String(error.substatus) },
    body: JSON.stringify({ code: codeOf(error.status), message: error.message }),
  };
}

/** An answer with a resource in it: its JSON text and, where it has one, its ETag. */
export function resourceAnswer(status: number, json: string, etag?: string): Answer {
  return { status, headers: etag === undefined ? {} : { etag }, body: json };
}
