import type { HttpRequest, HttpResponseInit } from "@azure/functions";
import { ProblemError } from "../core/errors.ts";
import { rateLimit } from "../core/rate-limit.ts";
import { verifyAppCaller, type AppCaller } from "../identity/app-caller.ts";
import type { AppRole } from "../identity/app-roles.ts";
import type { RequestContext } from "./handler.ts";

/** For one caller at one instance. */
const maxPerMinute = 300;

/**
 * Makes a handler for programs that call with an access token and have an app role. It reads no cookie, so nothing that a browser
 * sends by itself can get through. Each request is logged with the id of the calling app.
 * @throws {ProblemError} `token_invalid`, `tenant_not_allowed`, `role_required` or `too_many_requests`
 */
export function forAppRole<Context extends RequestContext>(
  role: AppRole,
  handler: (request: HttpRequest, caller: AppCaller, context: Context) => Promise<HttpResponseInit>,
) {
  const takeTurn = rateLimit(maxPerMinute);
  return async function appRoleHandler(request: HttpRequest, context: Context): Promise<HttpResponseInit> {
    const { app, invocation, signal, telemetry } = context;
    await app.learnTime();
    const authorization = request.headers.get("authorization");
    const caller = await verifyAppCaller(authorization, role, app.authority, app.configuration.azureAd, signal);
    const { clientId: client, tenantId: tenant } = caller;
    const retryAfterSeconds = takeTurn(`${tenant} ${client}`);
    if (retryAfterSeconds > 0) {
      const detail = `A caller may ask ${maxPerMinute} times a minute.`;
      throw new ProblemError("too_many_requests", detail, { retryAfterSeconds });
    }
    telemetry.info("app_called", { function: invocation.functionName, client, tenant });
    return handler(request, caller, context);
  };
}

/**
 * The account id in a route, which the caller may name.
 * @throws {ProblemError} `invalid_request` or `tenant_not_allowed`
 */
export function accountIdFor({ tenantId, ownTenantOnly }: AppCaller, request: HttpRequest): string {
  const id = accountIdIn(request, "accountId");
  if (ownTenantOnly && !id.toLowerCase().endsWith(`.${tenantId}`)) {
    throw new ProblemError("tenant_not_allowed", "The token is not of the account's tenant.");
  }
  return id;
}

/** `<object id>.<tenant id>`, as MSAL's `homeAccountId`, or a subject. */
const accountId = /^[A-Za-z0-9_-]{1,128}(\.[A-Za-z0-9_-]{1,128})?$/;

/** @throws {ProblemError} `invalid_request` */
export function accountIdIn(request: HttpRequest, parameter: string): string {
  const id = request.params[parameter] ?? "";
  if (accountId.test(id)) return id;
  throw new ProblemError("invalid_request", "The account id does not have the form <object id>.<tenant id>.");
}
