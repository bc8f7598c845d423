import { createHash } from "node:crypto";
import type { DumpedDocument } from "./documents.ts";
import { pageScript } from "./page-script.ts";
import { pageStyle } from "./page-style.ts";
import { type Answer, isJsonObject } from "./responses.ts";

/** How many documents the page shows. */
export const MAX_DOCUMENTS_SHOWN = 100;

const MAX_STRING_SHOWN = 160;

/** What a document of this app's containers is for. */
const MEANINGS: Readonly<Record<string, string>> = {
  accounts:
    "One document for each account, with a session for each of its browsers. “sealed” is encrypted; only that browser’s cookie has the secret that opens it.",
  sids: "Index entries: each leads from the hash of an identity provider's session (sid) to the account. An entry outlives the sign-out, so that a sign-in still under way is refused.",
};

const SIGN = `<svg viewBox="0 0 32 32" fill="none" stroke="currentColor" stroke-width="2.4" aria-hidden="true">
<ellipse cx="16" cy="10" rx="7.5" ry="3" /><path d="M8.5 10v12c0 1.7 3.4 3 7.5 3s7.5-1.3 7.5-3V10M8.5 16c0 1.7 3.4 3 7.5 3s7.5-1.3 7.5-3" />
</svg>`;

const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  `style-src '${sourceHash(pageStyle)}'`,
  `script-src '${sourceHash(pageScript)}'`,
  "connect-src 'self'",
  // The icon.
  "img-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

/** The page that shows people what is stored, the latest document first. It keeps itself up to date. */
export function documentsPage(documents: readonly DumpedDocument[]): Answer {
  const living = documents.filter(({ expired }) => !expired);
  const headers = { "content-type": "text/html; charset=utf-8", "content-security-policy": CONTENT_SECURITY_POLICY };
  return { status: 200, headers, body: layout(`${summary(living.length)}${living.map(documentCard).join("")}`) };
}

function layout(main: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<noscript><meta http-equiv="refresh" content="2"></noscript>
<title>Local Cosmos DB</title>
<style>${pageStyle}</style>
</head>
<body>
<header>
<p class="product">${SIGN}Local Cosmos DB</p>
<h1>Documents as they are stored</h1>
<p class="note">New, changed and deleted documents are highlighted for a few seconds, so keep this page next to the app. Long values are shortened.</p>
</header>
<main>${main}</main>
<script>${pageScript}</script>
</body>
</html>
`;
}

function summary(count: number): string {
  const documents = count === 1 ? "1 document" : `${count} documents`;
  const text = count === 0 ? "There are no documents." : `${documents}, the latest first.`;
  return `<p role="status">${count < MAX_DOCUMENTS_SHOWN ? text : `The latest ${documents}.`}</p>`;
}

function documentCard({ database, container, id, body }: DumpedDocument): string {
  const path = `<span>${escapeHtml(`${database} / ${container} /`)}</span> ${escapeHtml(id)}`;
  const meaning = Object.hasOwn(MEANINGS, container) ? MEANINGS[container] : undefined;
  const what = meaning === undefined ? "" : `<p class="what">${escapeHtml(meaning)}</p>`;
  const key = createHash("sha256")
    .update(JSON.stringify([database, container, id]))
    .digest("hex")
    .slice(0, 16);
  return `<article id="d${key}"><h2>${path}</h2><p class="state"></p>${what}<pre>${marked(body)}</pre></article>`;
}

/** The document as indented JSON. The encrypted part stands out; what Azure Cosmos DB has added is faint. */
function marked(body: string): string {
  const stored: unknown = JSON.parse(body);
  return escapeHtml(JSON.stringify(shortened(stored), undefined, 2))
    .replaceAll(/^( *&quot;sealed&quot;: )(&quot;.*&quot;)(,?)$/gm, "$1<b>$2</b>$3")
    .replaceAll(/^ {2}&quot;_(?:rid|self|etag|attachments|ts)&quot;: .*$/gm, "<i>$&</i>");
}

function shortened(value: unknown): unknown {
  if (typeof value === "string" && value.length > MAX_STRING_SHOWN) {
    return `${value.slice(0, MAX_STRING_SHOWN / 2)}… (${value.length} characters)`;
  }
  if (Array.isArray(value)) return value.map(shortened);
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, child]) => [name, shortened(child)]));
}

const ENTITIES = new Map([
  ["&", "&amp;"],
  ["<", "&lt;"],
  [">", "&gt;"],
  ['"', "&quot;"],
  ["'", "&#39;"],
]);

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES.get(character) ?? character);
}

function sourceHash(source: string): string {
  return `sha256-${createHash("sha256").update(source).digest("base64")}`;
}
