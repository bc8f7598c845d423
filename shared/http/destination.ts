import { ProblemError } from "../core/errors.ts";
import { mediaTypeOf } from "./media-type.ts";

/**
 * Destinations (Fetch section 2.2.5) whose answer stays apart from the page that asks: read by a script, shown as a picture, or a
 * document of its own, which is sandboxed. In every other one it would act as a part of the page, such as a script or a frame.
 */
const apart = new Set(["empty", "document", "image", "audio", "video", "track"]);

/**
 * Refuses to make another server's answer a part of the app's own page. Programs, and browsers before 2023, send no
 * `Sec-Fetch-Dest`; for them there is {@link inertType}.
 * @throws {ProblemError} `destination_not_allowed`
 */
export function refuseEmbedding(headers: Headers): void {
  const destination = headers.get("sec-fetch-dest") ?? "empty";
  // Older than Sec-Fetch-Dest (Service Workers, "Service-Worker").
  if (apart.has(destination) && !headers.has("service-worker")) return;
  throw new ProblemError("destination_not_allowed", "Request it with fetch, or show it as an image or a file.");
}

/**
 * The type that an answer goes out with: JavaScript and style sheets become plain text for whoever does not say what for. With
 * `nosniff` browsers take nothing else for a script or a style.
 */
export function inertType(asked: Headers, contentType: string): string {
  const type = mediaTypeOf(contentType);
  const acts = /(?:java|ecma|live|j)script/.test(type) || type === "text/css";
  return acts && !asked.has("sec-fetch-dest") ? "text/plain" : contentType;
}
