import { ProblemError } from "../shared/core/errors.ts";
import type { FunctionDefinition } from "../shared/pipeline/handler.ts";
import { purgeAccount } from "../shared/sign-out/by-administrator.ts";

/** `<object id>.<tenant id>`, as MSAL's `uid.utid`, or a subject. */
const accountId = /^[A-Za-z0-9_-]{1,128}(\.[A-Za-z0-9_-]{1,128})?$/;

/** `DELETE /auth/accounts/{homeAccountId}`: an administrator's program removes an account. Needs a function key. */
export const purge: FunctionDefinition = {
  name: "purge-account",
  route: "auth/accounts/{homeAccountId}",
  methods: ["DELETE"],
  authLevel: "function",
  signsOut: true,
  async handler(request, context) {
    const id = request.params["homeAccountId"] ?? "";
    if (!accountId.test(id))
      throw new ProblemError("invalid_request", "The homeAccountId does not have the form uid.utid.");
    return { jsonBody: await purgeAccount(context.app, id, context) };
  },
};
