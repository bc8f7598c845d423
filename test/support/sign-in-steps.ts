import type { Answer, Client } from "./http-client.ts";

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

/**
 * Signs in at the identity provider, whose answer comes as a form and is passed on.
 * @returns the URL of the callback that it leads to, not yet called
 */
export async function passProvider(client: Client, location: string): Promise<URL> {
  const answer = await postAnswer(client, location);
  if (answer.status !== 303) throw new Error(`Stuck at ${answer.url} with ${answer.status}: ${answer.body}`);
  return new URL(answer.headers.location ?? "", answer.url);
}

/** Signs in at the identity provider. @returns how the app answers the form that this ends with */
export async function postAnswer(client: Client, location: string): Promise<Answer> {
  let answer = await client.fetch(location, { headers: { accept: "text/html" } });
  while (!new URL(answer.url).pathname.startsWith("/auth/callback")) answer = await client.goOn(answer);
  return answer;
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
