/** The other pages of the local platform. The server links to them only there. */
import { element } from "./view.ts";

/** Shows each part of the page that is about the local platform, if all that it links to is there. */
export function showLocalParts(): void {
  const places = element("places").querySelectorAll<HTMLAnchorElement>("a[data-place]");
  const urls = new Map([...places].map((place) => [place.dataset["place"], place.href]));
  for (const part of document.querySelectorAll<HTMLElement>("[data-local]")) {
    const links = [...part.querySelectorAll<HTMLAnchorElement>("a[data-to]")];
    for (const link of links) link.href = urls.get(link.dataset["to"]) ?? "";
    part.hidden = links.some((link) => link.getAttribute("href") === "");
  }
}
