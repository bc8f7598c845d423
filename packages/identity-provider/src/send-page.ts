import type { KoaContextWithOIDC } from "oidc-provider";
import { type PageOptions, renderPage } from "@entra-functions-bff/stand-in-kit/layout";
import type { Neighbour } from "@entra-functions-bff/stand-in-kit/neighbours";

const bodyLimit = 64 * 1024;

/** Has every page of this request link to these. */
export function setNeighbours(ctx: KoaContextWithOIDC, neighbours: readonly Neighbour[]): void {
  ctx.state["neighbours"] = neighbours;
}

/** Answers with a page. */
export function sendPage(ctx: KoaContextWithOIDC, page: PageOptions, status = 200): void {
  const neighbours = ctx.state["neighbours"] as readonly Neighbour[] | undefined;
  const { html, headers } = renderPage({ ...page, ...(neighbours && { neighbours }) });
  ctx.status = status;
  ctx.set(headers);
  ctx.body = html;
}

/** The fields of a posted form. Throws an error with status 413 over 64 KiB. */
export async function readForm(ctx: KoaContextWithOIDC): Promise<URLSearchParams> {
  return new URLSearchParams((await readBody(ctx)).toString("utf8"));
}

/** The request's body; throws an error with status 413 over 64 KiB. */
export async function readBody(ctx: KoaContextWithOIDC): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of ctx.req as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > bodyLimit) ctx.throw(413, "The request body is too large");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** Whether a POST comes from one of our pages. Browsers send `Origin` with every form; other clients may omit it. */
export function isOwnForm(ctx: KoaContextWithOIDC, publicUrl: string): boolean {
  const origin = ctx.get("origin");
  return origin === "" || origin === publicUrl;
}
