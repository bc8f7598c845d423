import { failed, ok, type Finding } from "../finding.ts";
import { get } from "../request.ts";

/** How the app is registered, according to its own authorization request. */
export interface Registered {
  readonly clientId: string;
  /** For example `https://login.microsoftonline.com/organizations`. */
  readonly authority: string;
  readonly scopes: readonly string[];
}

const name = "Sign-in";

/** Requests `/auth/login` and reads its redirect, the only source for some facts about a deployment. */
export async function checkSignIn(
  baseUrl: string,
): Promise<{ readonly finding: Finding; readonly registered?: Registered }> {
  const toDo = "See the lines above about the app";
  try {
    const { status, headers } = await get(`${baseUrl}/auth/login`);
    const location = URL.parse(headers.get("location") ?? "");
    const clientId = location?.searchParams.get("client_id");
    const authority = /^(https?:\/\/[^/]+\/[^/]+)\/oauth2\//.exec(location?.href ?? "")?.[1];
    if (status !== 302 || !location || !clientId || authority === undefined) {
      return { finding: failed(name, `${baseUrl}/auth/login answers ${status} and does not redirect`, toDo) };
    }
    const scopes = location.searchParams.get("scope")?.split(" ") ?? [];
    const registered = { clientId, authority, scopes };
    const redirectUri = location.searchParams.get("redirect_uri") ?? "";
    if (redirectUri === `${baseUrl}/auth/callback`) {
      return { registered, finding: ok(name, `leads to ${location.origin} and back to ${baseUrl}`) };
    }
    const found = `leads back to ${redirectUri}`;
    return { registered, finding: failed(name, found, `Set PublicBaseUrl to ${baseUrl}, or check that address`) };
  } catch (error) {
    return { finding: failed(name, `no answer: ${error instanceof Error ? error.message : "unknown"}`, toDo) };
  }
}
