import { html, Html } from "./html.ts";
import { lists } from "./field-values.ts";
import { smallPagePolicy } from "./page-policy.ts";
import { maxReturnUrlLength } from "./return-url.ts";
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
  readonly goesTo?: string | undefined;
  /** Whether the sign-in that `goesTo` begins is to come back to the fragment of this address, too. Only scripts can see it. */
  readonly keepsFragment?: boolean;
  /** Who may show the page in a frame. Nobody by default. */
  readonly frameAncestors?: readonly string[];
}

const style = new Html(`<style>${pageStyle}</style>`);
const styleSrc = sourceOfInline(pageStyle);

/** Adds the fragment to the return URL, unless that would be too long for one. */
const onward = `
const { content } = document.querySelector("meta[name=onward]");
const to = new URL(content, location.href);
const back = (to.searchParams.get("returnUrl") ?? location.pathname) + location.hash;
if (location.hash !== "" && back.length <= ${maxReturnUrlLength}) to.searchParams.set("returnUrl", back);
location.replace(to);
`;
const script = new Html(`<script>${onward}</script>`);
const scriptSrc = sourceOfInline(onward);

/** One of the app's small pages: a heading and a few lines, nothing to load, and a script only to keep the fragment. */
export function page(
  { title, content, goesTo, keepsFragment = false, frameAncestors }: SmallPage,
  { appName, texts }: Pick<Site, "appName" | "texts">,
): { status: number; headers: Record<string, string>; body: string } {
  const document = html`<!doctype html>
    <html lang="${texts.language}">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title}</title>
        ${goesTo === undefined ? undefined : goingOn(goesTo, keepsFragment)}
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
      vary: "accept-language",
      "content-security-policy": smallPagePolicy({ styleSrc, ...(keepsFragment && { scriptSrc }) }, frameAncestors),
    },
    body: document.markup,
  };
}

function goingOn(goesTo: string, keepsFragment: boolean): Html {
  const refresh = html`<meta http-equiv="refresh" content="0;url=${goesTo}" />`;
  if (!keepsFragment) return refresh;
  return html`<meta name="onward" content="${goesTo}" />${script}<noscript>${refresh}</noscript>`;
}

/** Whether to answer with a page: the request is a person's navigation rather than a program's call. */
export function wantsPage(request: { readonly headers: Headers }): boolean {
  const mode = request.headers.get("sec-fetch-mode");
  return lists(request.headers.get("accept"), "text/html") && (mode === null || mode === "navigate");
}
