import type { Neighbour } from "@entra-functions-bff/stand-in-kit/neighbours";
import type { Ports } from "./platform-options.ts";
import type { LocalPart, Settings } from "./settings.ts";

/** A page of the platform that people look at. */
interface Place extends Neighbour {
  readonly place: "app" | "documents" | "otherApp" | "identityProvider";
}

/** The pages to which a page of the platform links: all but itself. */
export type Neighbours = (from: Place["place"]) => readonly Place[];

/** @param missing the parts that have a stand-in */
export function neighboursOf(publicBaseUrl: string, ports: Ports, missing: ReadonlySet<LocalPart>): Neighbours {
  const local = (port: number, part: LocalPart) =>
    // A part that picks its port itself cannot be linked.
    missing.has(part) && port !== 0 ? `http://127.0.0.1:${port}` : undefined;
  const places = [
    { place: "app", name: "The app", url: URL.canParse(publicBaseUrl) ? publicBaseUrl : undefined },
    { place: "documents", name: "Stored documents", url: local(ports.cosmos, "cosmos") },
    { place: "otherApp", name: "The other app", url: local(ports.secondApp, "identityProvider") },
    { place: "identityProvider", name: "Identity provider", url: local(ports.identityProvider, "identityProvider") },
  ] as const;
  return (from) =>
    places.flatMap(({ place, name, url }) => (place === from || url === undefined ? [] : [{ place, name, url }]));
}

/** The setting by which the app's own page links to the others. The app takes it only on this machine. */
export function localPages(publicBaseUrl: string, pages: readonly Place[]): Settings {
  const isHere = URL.parse(publicBaseUrl)?.hostname === "localhost";
  if (!isHere || pages.length === 0) return {};
  return { Development__Pages: pages.map(({ place, url }) => `${place}=${url}`).join(" ") };
}
