import { randomBytes } from "node:crypto";
import { Html, html } from "./html.ts";
import { type Neighbour, neighbourLinks } from "./neighbours.ts";
import { style } from "./style.ts";

export interface PageOptions {
  readonly title: string;
  readonly body: Html;
  /** Names the product at the top of the page. */
  readonly product?: string;
  /** Whether the product is the other app, which has its own colour and sign. */
  readonly isOtherApp?: boolean;
  /** The other pages of the platform, linked below this one. */
  readonly neighbours?: readonly Neighbour[];
  /** The footer that says what this is. */
  readonly note?: string;
  /** A script of ours, run inline under a nonce. */
  readonly script?: string;
  /** Without scripts, the browser goes there after this many seconds. */
  readonly refresh?: { readonly seconds: number; readonly url: string };
  /** Origins that a form of this page may lead to, redirects included (browsers check them too). */
  readonly formTargets?: readonly string[];
  /** Origins of the page's iframes. */
  readonly frames?: readonly string[];
}

export interface RenderedPage {
  readonly html: string;
  readonly headers: Readonly<Record<string, string>>;
}

const defaultNote =
  "A local stand-in for Microsoft Entra ID. The people are invented, and nothing leaves this machine.";

/** A key, inline because these pages load nothing. */
const identityProviderSign = sign(html`<circle cx="12.5" cy="12.5" r="4.5" /> <path d="M16 16l8 8M20.5 20.5l3-3" />`);
/** A receipt, for an app about expenses. */
const otherAppSign = sign(html`<path d="M10 7h12v18l-3-2-3 2-3-2-3 2zM13.5 12h5M13.5 16.5h5" />`);

function sign(lines: Html): Html {
  return html`<svg
    viewBox="0 0 32 32"
    fill="none"
    stroke="currentColor"
    stroke-width="2.4"
    stroke-linecap="round"
    stroke-linejoin="round"
    aria-hidden="true"
  >
    ${lines}
  </svg>`;
}

/** A whole page with its headers: a strict content security policy, no caching, no framing. */
export function renderPage(options: PageOptions): RenderedPage {
  const nonce = randomBytes(16).toString("base64");
  const { title, body, product = "Local sign-in", isOtherApp = false, note = defaultNote } = options;
  const { neighbours = [], script, refresh } = options;
  const document = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${title} – ${product}</title>
        <style nonce="${nonce}">
          ${new Html(style)}
        </style>
        ${
          refresh !== undefined &&
          html`<noscript><meta http-equiv="refresh" content="${refresh.seconds};url=${refresh.url}" /></noscript>`
        }
      </head>
      <body class="${isOtherApp ? "other-app" : "identity-provider"}">
        <main>
          <p class="product">${isOtherApp ? otherAppSign : identityProviderSign}${product}</p>
          <h1>${title}</h1>
          ${body}
        </main>
        <footer>
          ${neighbourLinks(neighbours)}
          <p>${note}</p>
        </footer>
        ${
          script !== undefined &&
          html`<script nonce="${nonce}">
            ${new Html(script)};
          </script>`
        }
      </body>
    </html>`;
  return { html: document.text, headers: headersOf(nonce, options) };
}

function headersOf(nonce: string, { formTargets = [], frames = [] }: PageOptions): Record<string, string> {
  return {
    "content-type": "text/html; charset=utf-8",
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    // Not "no-referrer": browsers would then send `Origin: null` with the page's own forms.
    "referrer-policy": "same-origin",
    "content-security-policy": [
      "default-src 'none'",
      `style-src 'nonce-${nonce}'`,
      `script-src 'nonce-${nonce}'`,
      // The icon.
      "img-src 'self'",
      `frame-src ${frames.length > 0 ? frames.join(" ") : "'none'"}`,
      `form-action ${["'self'", ...formTargets].join(" ")}`,
      "base-uri 'none'",
      "frame-ancestors 'none'",
    ].join("; "),
  };
}

/** The origin of a URL, for a content security policy. */
export function originOf(url: string): string {
  return new URL(url).origin;
}
