import { html, Html } from "./html.ts";
import { lists } from "./field-values.ts";
import { smallPagePolicy } from "./page-policy.ts";
import { iconUrl, pageStyle, sourceOfInline } from "./page-style.ts";
import type { Texts } from "../texts/texts.ts";

/** The app's name on its pages, unless it has been given one. */
export const usualAppName = "Entra Functions BFF";

/** What all pages of the app have in common. */
export interface Site {
  readonly appName: string;
  /** What the app's paths begin with. */
  readonly basePath: string;
  /** In the language of the person who asks. */
  readonly texts: Texts;
}

interface SmallPage {
  readonly title: string;
  readonly content: Html;
  /** If set, the browser goes there at once. */
  readonly goesTo?: string;
  /** Who may show the page in a frame. Nobody by default. */
  readonly frameAncestors?: readonly string[];
}

const style = new Html(`<style>${pageStyle}</style>`);
const styleSrc = sourceOfInline(pageStyle);

/** One of the app's small pages: a heading and a few lines, no script, nothing to load. */
export function page(
  { title, content, goesTo, frameAncestors }: SmallPage,
  { appName, texts }: Pick<Site, "appName" | "texts">,
): { status: number; headers: Record<string, string>; body: string } {
  const document = html`<!doctype html>
    <html lang="${texts.language}">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title}</title>
        ${goesTo === undefined ? undefined : html`<meta http-equiv="refresh" content="0;url=${goesTo}" />`}
        <link rel="icon" href="${iconUrl}" type="image/svg+xml" />
        ${style}
      </head>
      <body>
        <header>
          <img src="${iconUrl}" width="28" height="28" alt="" />
          ${appName}
        </header>
        <main>
          <h1>${title}</h1>
          ${content}
        </main>
      </body>
    </html> `;
  return {
    status: 200,
    headers: {
      "content-type": "text/html; charset=utf-8",
      "content-security-policy": smallPagePolicy({ styleSrc }, frameAncestors),
    },
    body: document.markup,
  };
}

/** Whether to answer with a page: the request is a person's navigation rather than a program's call. */
export function wantsPage(request: { readonly headers: Headers }): boolean {
  const mode = request.headers.get("sec-fetch-mode");
  return lists(request.headers.get("accept"), "text/html") && (mode === null || mode === "navigate");
}
