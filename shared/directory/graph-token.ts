import type { ManagedIdentityCredential } from "@azure/identity";
import type { App } from "../app/app.ts";
import type { DirectoryConfiguration } from "../configuration/directory.ts";
import { managedIdentity } from "../core/managed-identity.ts";
import { problemCodeOf } from "../core/errors.ts";
import { forGood, shared, withinDeadline } from "../core/waiting.ts";
import { appToken, forgetAppToken } from "../downstream/app-token.ts";
import { GraphError } from "./errors.ts";

/** The app's credential caches its tokens, so there is one for each app. */
const credentials = new WeakMap<App, () => Promise<ManagedIdentityCredential>>();

/**
 * The app's own token for Microsoft Graph: that of its managed identity or, where the app has another credential, of its
 * registration. No person's token would do, because nobody needs to be signed in.
 * @throws {GraphError}
 */
export async function graphToken(app: App, directory: DirectoryConfiguration, signal: AbortSignal): Promise<string> {
  const { credential } = app.configuration.azureAd;
  const scope = scopeOf(directory);
  try {
    if (credential.kind !== "managedIdentity") return await appToken(app, scope, signal);
    const known = credentials.get(app) ?? shared(async () => managedIdentity(credential.clientId), forGood);
    credentials.set(app, known);
    const { token } = await withinDeadline(signal, (await known()).getToken(scope));
    return token;
  } catch (error) {
    const code = problemCodeOf(error);
    throw new GraphError(code === "internal_error" ? "no_token" : code, 0, error);
  }
}

/** After a 401, the next request gets another one. The managed identity's library decides that by itself. */
export function forgetGraphToken(app: App, directory: DirectoryConfiguration): void {
  forgetAppToken(app, scopeOf(directory));
}

function scopeOf({ graphUrl }: DirectoryConfiguration): string {
  return `${graphUrl}/.default`;
}
