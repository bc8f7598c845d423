import { accountIdIn } from "../shared/pipeline/for-app-role.ts";
import type { FunctionDefinition } from "../shared/pipeline/handler.ts";
import { purgeAccount } from "../shared/sign-out/by-administrator.ts";

/** `DELETE /auth/accounts/{homeAccountId}`: an administrator's program removes an account. Needs a function key. */
export const purge: FunctionDefinition = {
  name: "purge-account",
  route: "auth/accounts/{homeAccountId}",
  methods: ["DELETE"],
  authLevel: "function",
  signsOut: true,
  async handler(request, context) {
    return { jsonBody: await purgeAccount(context.app, accountIdIn(request, "homeAccountId"), context) };
  },
};
