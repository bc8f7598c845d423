import type { HttpRequest } from "@azure/functions";
import { isGuid } from "../shared/configuration/settings-reader.ts";
import { ProblemError } from "../shared/core/errors.ts";
import { isoTime } from "../shared/core/iso-time.ts";
import { queryParameter, refuseEmptyName } from "../shared/http/parameters.ts";
import type { FunctionDefinition, RequestContext } from "../shared/pipeline/handler.ts";
import { forAppRole } from "../shared/pipeline/for-app-role.ts";
import type { AppCaller } from "../shared/identity/app-caller.ts";
import type { NotBefore } from "../shared/account/not-before.ts";
import { readNotBefore, removeNotBefore, setNotBefore, type Whose } from "../shared/sign-out/not-before.ts";

/**
 * `PUT`, `DELETE` and `GET /auth/not-before/{tenantId?}`: an administrator's program signs everybody out, or one tenant, takes
 * that back, or asks what is set. Needs a function key.
 */
export const notBefore: FunctionDefinition = {
  name: "not-before",
  route: "auth/not-before/{tenantId?}",
  methods: ["GET", "PUT", "DELETE"],
  authLevel: "function",
  async handler(request, context) {
    const set = await carriedOut(request, whoseOf(request), context);
    return { jsonBody: { ...set, setting: settingOf(context) } };
  },
};

/** The same at `/auth/services/not-before/{tenantId?}`, for a service with the app role. */
export const servicesNotBefore: FunctionDefinition = {
  name: "services-not-before",
  route: "auth/services/not-before/{tenantId?}",
  methods: ["GET", "PUT", "DELETE"],
  handler: forAppRole("everybodyOut", async (request, caller, context) => {
    const set = await carriedOut(request, whoseFor(caller, request), context);
    return { jsonBody: { ...seenBy(caller, set), setting: settingOf(context) } };
  }),
};

function settingOf({ app }: RequestContext): string | null {
  return app.configuration.session.notBefore ?? null;
}

async function carriedOut(request: HttpRequest, whose: Whose, context: RequestContext): Promise<NotBefore> {
  if (request.method === "PUT") return setNotBefore(context.app, whose, timeOf(request), context);
  if (request.method === "DELETE") return removeNotBefore(context.app, whose, context);
  return readNotBefore(context.app, context);
}

/** An empty parameter is none: some hosts leave it out, others pass "". */
function whoseOf(request: HttpRequest): Whose {
  refuseEmptyName(request);
  const tenantId = request.params["tenantId"] || undefined;
  if (tenantId !== undefined && !isGuid(tenantId)) {
    throw new ProblemError("invalid_request", "The tenant id is no GUID.");
  }
  return { tenantId };
}

/** Whoever may name accounts of its own tenant alone may sign out that tenant alone, and hears of no other. */
function whoseFor({ ownTenantOnly, tenantId }: AppCaller, request: HttpRequest): Whose {
  const whose = whoseOf(request);
  if (ownTenantOnly && whose.tenantId?.toLowerCase() !== tenantId) {
    throw new ProblemError("tenant_not_allowed", "The token is not of this tenant, which the address has to name.");
  }
  return whose;
}

function seenBy({ ownTenantOnly, tenantId }: AppCaller, { everybody, tenants }: NotBefore): NotBefore {
  const own = tenants[tenantId];
  return { everybody, tenants: ownTenantOnly ? { ...(own && { [tenantId]: own }) } : tenants };
}

function timeOf(request: HttpRequest): string | undefined {
  const given = queryParameter(request, "time") ?? "";
  const time = isoTime(given);
  // An empty time was left out by mistake, and does not mean now.
  if (time === undefined && new URL(request.url).searchParams.has("time")) {
    throw new ProblemError(
      "invalid_request",
      "The time is not in ISO 8601 with its zone, such as 2026-12-01T18:00:00Z.",
    );
  }
  return time;
}
