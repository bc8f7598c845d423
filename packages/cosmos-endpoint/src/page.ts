import { createHash } from "node:crypto";
import { Html, html } from "@entra-functions-bff/stand-in-kit/html";
import { type Neighbour, neighbourLinks } from "@entra-functions-bff/stand-in-kit/neighbours";
import type { DumpedDocument } from "./documents.ts";
import { documentCard, sectionOf } from "./page-document.ts";
import { pageScript } from "./page-script.ts";
import { pageStyle } from "./page-style.ts";
import type { Answer } from "./responses.ts";

/** How many documents the page shows. */
export const MAX_DOCUMENTS_SHOWN = 100;

const SIGN = html`<svg viewBox="0 0 32 32" fill="none" stroke="currentColor" stroke-width="2.4" aria-hidden="true">
  <ellipse cx="16" cy="10" rx="7.5" ry="3" />
  <path d="M8.5 10v12c0 1.7 3.4 3 7.5 3s7.5-1.3 7.5-3V10M8.5 16c0 1.7 3.4 3 7.5 3s7.5-1.3 7.5-3" />
</svg>`;

/** Their hashes are in the policy, so they are inserted as they are. */
const STYLE = new Html(`<style>${pageStyle}</style>`);
const SCRIPT = new Html(`<script>${pageScript}</script>`);

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
export function documentsPage(documents: readonly DumpedDocument[], neighbours: readonly Neighbour[]): Answer {
  const living = documents.filter(({ expired }) => !expired);
  const headers = { "content-type": "text/html; charset=utf-8", "content-security-policy": CONTENT_SECURITY_POLICY };
  return { status: 200, headers, body: layout(living, neighbours).text };
}

function layout(living: readonly DumpedDocument[], neighbours: readonly Neighbour[]): Html {
  const { documents = [], entries = [], marks = [] } = Object.groupBy(living, sectionOf);
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <noscript><meta http-equiv="refresh" content="2" /></noscript>
        <title>Local Cosmos DB</title>
        ${STYLE}
      </head>
      <body>
        <header>
          <p class="product">${SIGN}Local Cosmos DB</p>
          ${neighbourLinks(neighbours)}
        </header>
        <main>
          <h1>Documents as they are stored</h1>
          <p class="note">Keep this page next to the app: it shows at once what is created, changed and deleted.</p>
          <p role="status">${summary(living.length)}</p>
          <section id="documents">${documents.map(documentCard)}</section>
          <section id="entries">${entries.map(documentCard)}</section>
          <details id="marks" ${marks.length === 0 && html`hidden`}>
            <summary>Marks of sessions that were signed out (<span>${marks.length}</span>)</summary>
            <section id="marked">${marks.map(documentCard)}</section>
          </details>
        </main>
        ${SCRIPT}
      </body>
    </html>`;
}

function summary(count: number): string {
  const documents = count === 1 ? "1 document" : `${count} documents`;
  const text = count === 0 ? "There are no documents." : `${documents}.`;
  return count < MAX_DOCUMENTS_SHOWN ? text : `The latest ${documents}.`;
}

function sourceHash(source: string): string {
  return `sha256-${createHash("sha256").update(source).digest("base64")}`;
}
