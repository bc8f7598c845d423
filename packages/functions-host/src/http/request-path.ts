import { decodePercent, encodePercent } from "./percent.ts";

/** A request's path, in the two forms in which the host uses it. */
export interface RequestPath {
  /** Decoded except for `%2F`, without dot segments: routes are matched against this. */
  readonly decoded: string;
  /** The decoded path encoded again: what `request.url` shows. */
  readonly encoded: string;
}

const plainPath = /^(?:\/(?!\.)[\w!$&'()*+,\-.:;=@~]*)+$/;

/**
 * Decodes and normalises the path of a request target.
 * @returns `undefined` when it contains an encoded NUL.
 */
export function readPath(raw: string): RequestPath | undefined {
  if (plainPath.test(raw)) return { decoded: raw, encoded: raw };
  const text = decodePercent(raw, { keepSlash: true });
  if (text.includes("\0")) return undefined;
  const decoded = removeDotSegments(text);
  return { decoded, encoded: encodePath(decoded) };
}

/** RFC 3986 section 5.2.4, for a path that begins with a slash. */
function removeDotSegments(path: string): string {
  if (!path.includes("/.")) return path;
  const kept: string[] = [];
  const segments = path.split("/").slice(1);
  for (const [index, segment] of segments.entries()) {
    const isLast = index === segments.length - 1;
    if (segment === "..") kept.pop();
    if (segment !== "." && segment !== "..") kept.push(segment);
    else if (isLast) kept.push("");
  }
  return `/${kept.join("/")}`;
}

// What still looks percent-encoded after decoding stays: `%252e` in the request is `%2e` in the URL.
function encodePath(path: string): string {
  return path.replaceAll(/(%[0-9A-Fa-f]{2})|[^\w!$&'()*+,\-./:;=@~]+/g, (text, encoded: string | undefined) => {
    return encoded ?? encodePercent(text);
  });
}
