import { gunzipSync, gzipSync } from "node:zlib";
import type { HttpResponseInit } from "@azure/functions";
import type { LocalPages } from "../shared/configuration/local-pages.ts";
import { sha256Base64Url } from "../shared/core/encoding.ts";
import { ProblemError } from "../shared/core/errors.ts";
import { forGood, shared } from "../shared/core/waiting.ts";
import type { FunctionDefinition } from "../shared/pipeline/handler.ts";
import { html } from "../shared/http/html.ts";
import { hasEntityTag, lists } from "../shared/http/field-values.ts";
import { usualAppName, type Site } from "../shared/http/page.ts";
import { pagePolicy } from "../shared/http/page-policy.ts";
import { ownFile } from "./files.ts";
import { icon } from "../shared/http/page-style.ts";
import { withLocalPages } from "./local-pages.ts";

interface Asset {
  readonly contentType: string;
  readonly gzipped: Buffer;
  readonly etag: string;
}

function asset(contentType: string, base64: string): Asset {
  return {
    contentType: `${contentType}; charset=utf-8`,
    gzipped: Buffer.from(base64, "base64"),
    etag: `"${sha256Base64Url(base64).slice(0, 22)}"`,
  };
}

/** In a file of their own, because most requests need none of them. */
const webAssets = shared(async () => import("web-assets"), forGood);

const assets = shared(async (): Promise<ReadonlyMap<string, Asset>> => {
  const { authScript, authTypes, pageScript, styleSheet } = await webAssets();
  return new Map([
    ["auth.js", asset("text/javascript", authScript)],
    ["auth.d.ts", asset("text/plain", authTypes)],
    ["page.js", asset("text/javascript", pageScript)],
    ["style.css", asset("text/css", styleSheet)],
    ["favicon.svg", asset("image/svg+xml", gzipSync(icon).toString("base64"))],
  ]);
}, forGood);

type Adaptation = Pick<Site, "appName" | "basePath">;

let shown: (Adaptation & { readonly page: Asset }) | undefined;

/** The page with the app's name on it, and links that lead below its base path. */
async function indexPage({ appName, basePath }: Adaptation, localPages: LocalPages): Promise<Asset> {
  const { pageHtml } = await webAssets();
  if (shown?.appName !== appName || shown.basePath !== basePath) {
    shown = { appName, basePath, page: asset("text/html", adapted(pageHtml, { appName, basePath }, localPages)) };
  }
  return shown.page;
}

function adapted(pageHtml: string, { appName, basePath }: Adaptation, localPages: LocalPages): string {
  if (appName === usualAppName && basePath === "" && localPages.size === 0) return pageHtml;
  const text = gunzipSync(Buffer.from(pageHtml, "base64")).toString("utf8");
  const named = text.replaceAll(usualAppName, () => html`${appName}`.markup);
  const placed = named.replaceAll(/\b((?:href|src|action)=")\//g, `$1${basePath}/`);
  return gzipSync(withLocalPages(placed, localPages)).toString("base64");
}

/** `GET /`: the app's own page, or else the one of this project. The template matches the empty path, which the programming model cannot say otherwise. */
export const index: FunctionDefinition = {
  name: "index",
  route: "{ignored:maxlength(0)?}",
  methods: ["GET", "HEAD"],
  handler: async (request, { app, site }) =>
    (await ownFile(request, app)) ??
    serve(await indexPage(site, app.configuration.localPages), request.headers, {
      "content-security-policy": pagePolicy(app.contentPolicy),
    }),
};

/** `GET /assets/{file}`: what the page loads, if it is in such a folder, and the module for other pages, `auth.js`, with its types. */
export const pageAssets: FunctionDefinition = {
  name: "assets",
  route: "assets/{file}",
  methods: ["GET", "HEAD"],
  async handler(request, { app }) {
    const own = await ownFile(request, app);
    if (own) return own;
    const found = (await assets()).get(request.params["file"] ?? "");
    if (!found) throw new ProblemError("not_found", "There is no such file.");
    return serve(found, request.headers);
  },
};

/**
 * Serves an asset. Browsers revalidate their copy, so that a new deployment shows at once. The body stays compressed as it is
 * in the bundle: the Functions host compresses nothing.
 */
function serve(
  { contentType, gzipped, etag }: Asset,
  asked: Headers,
  extra?: Record<string, string>,
): HttpResponseInit {
  const encoded = lists(asked.get("accept-encoding"), "gzip");
  // Each encoding has an entity tag of its own (RFC 9110 section 8.8.3.3).
  const tag = encoded ? etag : etag.replace(/"$/, '-plain"');
  const headers = { etag: tag, "cache-control": "no-cache", vary: "accept-encoding", ...extra };
  if (hasEntityTag(asked.get("if-none-match"), tag)) return { status: 304, headers };
  return encoded
    ? { headers: { ...headers, "content-type": contentType, "content-encoding": "gzip" }, body: gzipped }
    : { headers: { ...headers, "content-type": contentType }, body: gunzipSync(gzipped) };
}
