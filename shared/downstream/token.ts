import type { App } from "../app/app.ts";
import { useSession } from "../session/use.ts";
import { accessToken } from "./access-token.ts";
import { appToken } from "./app-token.ts";
import type { TokenRequest } from "./token-request.ts";

/**
 * The access token that an API is called with, as its settings say: the person's, the app's own, or none. Getting it counts as a
 * use of the session.
 * @throws as {@link accessToken}
 */
export async function tokenFor(app: App, request: TokenRequest): Promise<string | undefined> {
  const { session, api } = request;
  if (api.token === "UserToken") return accessToken(app, request);
  await useSession(app, session, request);
  return api.appScope === undefined ? undefined : appToken(app, api.appScope, request.signal);
}
