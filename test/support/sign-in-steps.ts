import type { Client } from "./http-client.ts";

/** Begins a sign-in; the browser has its transaction cookie then, and nobody has been asked anything. */
export async function beginSignIn(
  client: Client,
  username: string,
  query: Readonly<Record<string, string>> = {},
): Promise<{ location: string; state: string }> {
  const parameters = new URLSearchParams({ loginHint: username, returnUrl: "/healthz", ...query });
  const { status, headers, body } = await client.fetch(`/auth/login?${parameters.toString()}`);
  const { location = "" } = headers;
  const state = URL.parse(location)?.searchParams.get("state");
  if (status !== 302 || !state) throw new Error(`No sign-in began, but ${status}: ${body}`);
  return { location, state };
}

/** Signs in at the identity provider. @returns the URL of the callback that it leads to, not yet called */
export async function passProvider(client: Client, location: string): Promise<URL> {
  let url = new URL(location);
  while (url.pathname !== "/auth/callback") {
    const answer = await client.fetch(url.href, { headers: { accept: "text/html" } });
    if (!answer.headers.location) throw new Error(`Stuck at ${url.href} with ${answer.status}`);
    url = new URL(answer.headers.location, url);
  }
  return url;
}

/** A sign-in up to the callback. */
export async function untilCallback(
  client: Client,
  username: string,
  query?: Readonly<Record<string, string>>,
): Promise<URL> {
  const { location } = await beginSignIn(client, username, query);
  return passProvider(client, location);
}

/** The cookie that holds a sign-in under way. */
export function transactionCookie(client: Client): { name: string; value: string } {
  const found = [...client.cookies("localhost")].find(([name]) => name.startsWith("__Host-signin-"));
  if (!found) throw new Error("No sign-in is under way");
  return { name: found[0], value: found[1] };
}
