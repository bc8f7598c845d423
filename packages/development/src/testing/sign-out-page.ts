import type { Answer, Client } from "./client.ts";

/** Loads the frames of the identity provider's sign-out page, and follows it to where it leads. */
export async function finishSignOut(client: Client, page: Answer): Promise<{ frames: Answer[]; landed: Answer }> {
  const urls = [...page.body.matchAll(/<iframe src="([^"]+)"/g)].map(([, url = ""]) => url.replaceAll("&amp;", "&"));
  const frames = await Promise.all(urls.map((url) => client.fetch(url, { anonymous: true })));
  const next = /<a [^>]*href="([^"]+)"[^>]*>Continue/.exec(page.body)?.[1]?.replaceAll("&amp;", "&");
  return { frames, landed: next === undefined ? page : await client.navigate(new URL(next, page.url).href) };
}
