import type { IncomingMessage, ServerResponse } from "node:http";

/** Colours and lines of the icon by which a stand-in's tabs are told apart, on a square of 32. */
export interface Icon {
  readonly colour: string;
  readonly lines: string;
}

/** Answers requests for `/favicon.ico`, which browsers send to every host; returns false for any other request. */
export function serveIcon(request: IncomingMessage, response: ServerResponse, { colour, lines }: Icon): boolean {
  if (request.url !== "/favicon.ico" || (request.method !== "GET" && request.method !== "HEAD")) return false;
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="8" fill="${colour}"/>
<g fill="none" stroke="#fff" stroke-width="2.4" stroke-linecap="round" stroke-linejoin="round">${lines}</g></svg>`;
  response.writeHead(200, {
    "content-type": "image/svg+xml",
    "cache-control": "max-age=86400",
    "x-content-type-options": "nosniff",
  });
  response.end(request.method === "HEAD" ? "" : svg);
  return true;
}
