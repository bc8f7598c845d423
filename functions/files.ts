import type { HttpRequest, HttpResponseInit } from "@azure/functions";
import type { App } from "../shared/app/app.ts";
import { hasEntityTag, lists } from "../shared/http/field-values.ts";
import { wantsPage } from "../shared/http/page.ts";
import { pagePolicy, type ContentPolicy } from "../shared/http/page-policy.ts";
import type { Coding, StaticFile } from "../shared/http/static-files.ts";

/** The file of the app's own front end that a request is for; undefined if there is none. */
export async function ownFile(
  request: HttpRequest,
  { files, configuration, contentPolicy }: App,
): Promise<HttpResponseInit | undefined> {
  if (files === undefined || !["GET", "HEAD"].includes(request.method)) return undefined;
  const pathname = new URL(request.url).pathname.slice(configuration.hostPath.length);
  const file = files.find(pathname) ?? (isAddressOfScript(pathname, request) ? files.page : undefined);
  return file && answer(file, request.headers, contentPolicy);
}

/** Whether a person comes to an address that only the script of the app's page knows, such as `/orders/17`. */
function isAddressOfScript(pathname: string, request: HttpRequest): boolean {
  return wantsPage(request) && !belongsToApp.test(pathname) && !looksLikeFile.test(pathname);
}

/** A last part with a dot, or any part that begins with one. */
const looksLikeFile = /(?:\.|%2e)[^/]*$|\/(?:\.|%2e)/i;
const belongsToApp = /^\/(?:api|assets|auth|healthz|readyz)(?:\/|$)/i;

/**
 * Browsers keep a file whose name changes with its contents, and revalidate any other, so that a new deployment shows at once.
 * Each file may be a page or a worker, so each has the policy of a page.
 */
async function answer(file: StaticFile, asked: Headers, policy: ContentPolicy): Promise<HttpResponseInit> {
  const coding = file.isCompressible ? bestCoding(asked.get("accept-encoding")) : "identity";
  const { body, etag } = await file.read(coding);
  const headers = {
    etag,
    "cache-control": file.isImmutable ? "public, max-age=31536000, immutable" : "no-cache",
    "content-security-policy": pagePolicy(policy),
    ...(file.isCompressible && { vary: "accept-encoding" }),
  };
  if (hasEntityTag(asked.get("if-none-match"), etag)) return { status: 304, headers };
  const encoding = coding === "identity" ? {} : { "content-encoding": coding };
  return { headers: { ...headers, "content-type": file.contentType, ...encoding }, body };
}

function bestCoding(accepted: string | null): Coding {
  return (["br", "gzip"] as const).find((coding) => lists(accepted, coding)) ?? "identity";
}
