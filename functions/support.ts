import { findAccount } from "../shared/account/guests.ts";
import { ProblemError } from "../shared/core/errors.ts";
import { refuseEmptyName } from "../shared/http/parameters.ts";
import { accountIdFor, forAppRole } from "../shared/pipeline/for-app-role.ts";
import type { FunctionDefinition, RequestContext, SignOutContext } from "../shared/pipeline/handler.ts";
import { listSessions } from "../shared/session/list.ts";
import { endSessionOf, purgeAccount } from "../shared/sign-out/by-administrator.ts";
import { eraseAccount } from "../shared/sign-out/erase.ts";

const find = async ({ app, signal }: RequestContext, id: string) =>
  findAccount(await app.store(), app.authority.environment, id, signal);

/** `GET /auth/accounts/{accountId}/sessions`: where a person is signed in, for a program with the app role. */
export const accountSessions: FunctionDefinition = {
  name: "account-sessions",
  route: "auth/accounts/{accountId}/sessions",
  methods: ["GET"],
  handler: forAppRole("support", async (request, caller, context) => {
    const { configuration, clock } = context.app;
    const account = await find(context, accountIdFor(caller, request));
    const sessions = account ? listSessions(account.document, configuration.session, clock.now()) : [];
    return { jsonBody: { sessions } };
  }),
};

/** `DELETE /auth/accounts/{accountId}/sessions/{id}`: ends one of them. */
export const endAccountSession: FunctionDefinition = {
  name: "end-account-session",
  route: "auth/accounts/{accountId}/sessions/{id}",
  methods: ["DELETE"],
  signsOut: true,
  handler: forAppRole<SignOutContext>("support", async (request, caller, context) => {
    const account = await find(context, accountIdFor(caller, request));
    const id = request.params["id"] ?? "";
    if (!account || !Object.hasOwn(account.document.sessions, id)) {
      throw new ProblemError("session_unknown", "It may have ended already.");
    }
    await endSessionOf(context.app, account, id, context);
    return { status: 204 };
  }),
};

/** `DELETE /auth/accounts/{accountId}/sessions`: signs the person out everywhere. */
export const endAccountSessions: FunctionDefinition = {
  name: "end-account-sessions",
  route: "auth/accounts/{accountId}/sessions",
  methods: ["DELETE"],
  signsOut: true,
  handler: forAppRole<SignOutContext>("support", async (request, caller, context) => {
    refuseEmptyName(request);
    return { jsonBody: await purgeAccount(context.app, accountIdFor(caller, request), context) };
  }),
};

/** `DELETE /auth/accounts/{accountId}/records`: the same, and erases what the index holds for the account's sessions. */
export const eraseAccountRecords: FunctionDefinition = {
  name: "erase-account",
  route: "auth/accounts/{accountId}/records",
  methods: ["DELETE"],
  signsOut: true,
  handler: forAppRole<SignOutContext>("support", async (request, caller, context) => ({
    jsonBody: await eraseAccount(context.app, accountIdFor(caller, request), context),
  })),
};
