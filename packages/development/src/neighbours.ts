import type { Neighbour } from "@entra-functions-bff/stand-in-kit/neighbours";
import type { Ports } from "./platform.ts";
import type { LocalPart } from "./settings.ts";

/** A page of the platform that people look at. */
export type Place = "app" | "documents" | "otherApp" | "identityProvider";

/**
 * The pages to which the page of a part links: those of all other parts that run here.
 * @param missing the parts that have a stand-in
 */
export function neighboursOf(
  publicBaseUrl: string,
  ports: Ports,
  missing: ReadonlySet<LocalPart>,
): (place: Place) => readonly Neighbour[] {
  const local = (port: number, part: LocalPart) =>
    // A part that picks its port itself cannot be linked.
    missing.has(part) && port !== 0 ? `http://127.0.0.1:${port}` : undefined;
  const places: readonly { readonly place: Place; readonly name: string; readonly url: string | undefined }[] = [
    { place: "app", name: "The app", url: URL.canParse(publicBaseUrl) ? publicBaseUrl : undefined },
    { place: "documents", name: "Stored documents", url: local(ports.cosmos, "cosmos") },
    { place: "otherApp", name: "The other app", url: local(ports.secondApp, "identityProvider") },
    { place: "identityProvider", name: "Identity provider", url: local(ports.identityProvider, "identityProvider") },
  ];
  return (from) =>
    places.flatMap(({ place, name, url }) => (place === from || url === undefined ? [] : [{ name, url }]));
}
