import type { Person } from "@entra-functions-bff/identity-provider";
import type { Answer, Client } from "./client.ts";

/** A person who is signed in to the app, in a browser of their own. */
export interface SignedIn {
  readonly person: Person;
  /**
   * As a script of the app's own page does, with the session cookie. Redirects are not followed.
   * @param path of the app
   */
  fetch(path: string, init?: RequestInit): Promise<Response>;
  /** As a link on the app's own page does: follows redirects, signing in included, to the end. */
  visit(path: string): Promise<Response>;
}

/** A request of a page of the app's own. */
export async function fetchAs(client: Client, url: string, path: string, init: RequestInit = {}): Promise<Response> {
  // Says what the body is, as the browser does.
  const { method, headers, body } = new Request(new URL(path, url), init);
  const own = { "sec-fetch-site": "same-origin", "sec-fetch-mode": "cors", "sec-fetch-dest": "empty" };
  const origin = method === "GET" || method === "HEAD" ? {} : { origin: url };
  const bytes = body === null ? undefined : Buffer.from(await new Response(body).arrayBuffer());
  const all = { ...own, ...origin, ...Object.fromEntries(headers) };
  return responseOf(await client.fetch(path, { method, headers: all, ...(bytes && { body: bytes }) }));
}

const bodiless = new Set([204, 205, 304]);

export function responseOf({ status, headers, bytes }: Answer): Response {
  const fields = Object.entries(headers).flatMap(([name, value = ""]) =>
    [value].flat().map((each): [string, string] => [name, each]),
  );
  return new Response(bodiless.has(status) ? null : new Uint8Array(bytes), { status, headers: fields });
}
