import { createHash } from "node:crypto";
import type { DumpedDocument } from "./documents.ts";
import { type Answer, isJsonObject } from "./responses.ts";

/** How many documents the page shows. */
export const MAX_DOCUMENTS_SHOWN = 100;

const MAX_STRING_SHOWN = 160;

const STYLE = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.4rem; }
article { border: 1px solid color-mix(in srgb, currentcolor 25%, transparent); border-radius: .5rem; margin: 1rem 0; }
h2 { font-size: 1rem; margin: 0; padding: .5rem 1rem; overflow-wrap: anywhere; }
h2 span, .note { opacity: .75; font-weight: normal; }
pre { margin: 0; padding: .5rem 1rem 1rem; white-space: pre-wrap; overflow-wrap: anywhere; font-size: .85rem; }
.stale main { opacity: .4; }
`;

// Replaces the list only when it differs, so that a selection in it survives.
const SCRIPT = `
setInterval(async () => {
  try {
    const response = await fetch("/", { headers: { accept: "text/html" } });
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    const [now, then] = [page.querySelector("main"), document.querySelector("main")];
    if (now.innerHTML !== then.innerHTML) then.innerHTML = now.innerHTML;
    document.body.classList.remove("stale");
  } catch {
    document.body.classList.add("stale");
  }
}, 2000);
`;

const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  `style-src '${sourceHash(STYLE)}'`,
  `script-src '${sourceHash(SCRIPT)}'`,
  "connect-src 'self'",
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
<style>${STYLE}</style>
</head>
<body>
<header>
<h1>Local Cosmos DB</h1>
<p class="note">The documents as they are stored, with long values shortened. This page keeps itself up to date.</p>
</header>
<main>${main}</main>
<script>${SCRIPT}</script>
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
  const stored: unknown = JSON.parse(body);
  const path = `<span>${escapeHtml(`${database} / ${container} /`)}</span> ${escapeHtml(id)}`;
  return `<article><h2>${path}</h2><pre>${escapeHtml(JSON.stringify(shortened(stored), undefined, 2))}</pre></article>`;
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
