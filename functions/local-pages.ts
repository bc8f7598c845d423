import type { LocalPages, LocalPlace } from "../shared/configuration/local-pages.ts";
import { html, joined } from "../shared/http/html.ts";

const names: Readonly<Record<LocalPlace, string>> = {
  documents: "Stored documents",
  otherApp: "The other app",
  identityProvider: "Identity provider",
};

/** Where the page has room for these links. */
const room = / hidden><\/nav>/;

/** The page with links to the other pages of the local platform. In Azure there are none, and it stays as it is. */
export function withLocalPages(page: string, pages: LocalPages): string {
  if (pages.size === 0) return page;
  const links = [...pages].map(
    ([place, url]) => html`<a data-place="${place}" href="${url}" target="_blank" rel="noopener">${names[place]}</a>`,
  );
  return page.replace(room, () => `>${joined(links).markup}</nav>`);
}
