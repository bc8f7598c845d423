import type { Provider, KoaContextWithOIDC, Session } from "oidc-provider";
import { sessionId } from "./claims.ts";
import { findPerson, type Runtime } from "./runtime.ts";
import type { RegisteredApp } from "./applications.ts";
import type { Person } from "./people.ts";

/** The provider's session in this browser, if somebody signed in and the session has not ended. */
export async function currentSession(provider: Provider, ctx: KoaContextWithOIDC): Promise<Session | undefined> {
  const id = ctx.cookies.get(provider.cookieName("session"));
  return id === undefined ? undefined : provider.Session.find(id);
}

/** Who is signed in with this browser, under which `sid`, and at which apps. */
export interface SignedIn {
  readonly person: Person;
  readonly sid: string;
  readonly apps: readonly RegisteredApp[];
}

export function signedIn(runtime: Runtime, session: Session | undefined): SignedIn | undefined {
  const person = findPerson(runtime, session?.accountId);
  if (session === undefined || person === undefined) return undefined;
  const apps = Object.keys(session.authorizations ?? {}).flatMap(
    (clientId) => runtime.applications.find(clientId) ?? [],
  );
  return { person, sid: sessionId(session.uid), apps };
}

/** Ends the session in the store and in the browser. */
export async function endBrowserSession(provider: Provider, ctx: KoaContextWithOIDC, session: Session): Promise<void> {
  await session.destroy();
  ctx.cookies.set(provider.cookieName("session"), null, { httpOnly: true, sameSite: "lax" });
}
