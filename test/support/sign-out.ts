import { decodeJwt } from "jose";
import { finishSignOut } from "@entra-functions-bff/development/testing/sign-out-page";
import type { Answer, Client } from "./http-client.ts";
import { ownForm, type World } from "./world.ts";

export { finishSignOut };

/** The `sid` of a person's most recent sign-in, as the identity provider knows it. */
export function sidOf({ identityProvider }: Pick<World, "identityProvider">, username: string): string {
  const sids = identityProvider.controls.issuedTokens().flatMap((token) => {
    if (!/^[\w-]+\.[\w-]+\.[\w-]*$/.test(token)) return [];
    const claims = decodeJwt(token);
    return claims["preferred_username"] === username && typeof claims["sid"] === "string" ? [claims["sid"]] : [];
  });
  const last = sids.at(-1);
  if (last === undefined) throw new Error(`No ID token with a sid was issued to ${username}`);
  return last;
}

/** What the identity provider's page does in a browser that withholds cookies from frames. */
export async function frontChannel(client: Client, query: string): Promise<Answer> {
  return client.fetch(`/auth/frontchannel-logout?${query}`, { anonymous: true });
}

/** Signs out with the app's own form, and goes through the identity provider back to the app. */
export async function signOut(
  { publicBaseUrl }: World,
  client: Client,
  returnUrl = "/healthz",
): Promise<{ posted: Answer; frames: Answer[]; landed: Answer }> {
  const path = `/auth/logout?returnUrl=${encodeURIComponent(returnUrl)}`;
  const { trail, ...page } = await client.navigate(path, ownForm(publicBaseUrl));
  return { posted: trail[0] ?? page, ...(await finishSignOut(client, page)) };
}
