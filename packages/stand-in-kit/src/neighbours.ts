import { type Html, html } from "./html.ts";

/** Another page of the same local platform. */
export interface Neighbour {
  readonly name: string;
  readonly url: string;
}

/** The way from one page of the platform to the others. */
export function neighbourLinks(neighbours: readonly Neighbour[]): Html | false {
  return (
    neighbours.length > 0 &&
    html`<nav class="neighbours" aria-label="Local platform">
      ${neighbours.map(({ name, url }) => html`<a href="${url}">${name}</a>`)}
    </nav>`
  );
}

/** For `<style>`: the links side by side, each large enough for a finger. */
export const neighbourStyle = `
.neighbours { display: flex; flex-wrap: wrap; gap: 0 1.25rem; }
.neighbours a { display: inline-flex; align-items: center; min-height: 44px; }
`;
