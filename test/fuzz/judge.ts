import { isUtf8 } from "node:buffer";
import { problemTypes } from "../../shared/core/errors.ts";
import type { RawAnswer } from "@entra-functions-bff/stand-in-kit/raw-answers";
import { markup, splitHeader } from "./texts.ts";

/** Where an answer may lead to: the app itself, and the identity provider. */
export interface Origins {
  readonly app: string;
  readonly identityProvider: string;
}

/** The host's own answers, for what is no request of the app: a bare status, without a function having been asked. */
const hostStatuses = new Set([204, 400, 401, 404, 408, 411, 413, 414, 415, 417, 426, 431, 501, 505]);

const bareHeaders = new Set(["connection", "content-length", "date", "keep-alive", "transfer-encoding"]);

/** Failures that somebody else is to blame for. */
const dependencyFailures = Object.entries(problemTypes).filter(
  ([code, { status }]) => status >= 500 && code !== "internal_error" && code !== "configuration_invalid",
);

const everyAnswer: Readonly<Record<string, RegExp>> = {
  "x-content-type-options": /^nosniff$/,
  "cross-origin-resource-policy": /^same-origin$/,
  "cache-control": /^no-(store|cache)$/,
};

/** JSON, which a browser shows as text, needs no more. */
const everyDocument: typeof everyAnswer = {
  ...everyAnswer,
  "referrer-policy": /^same-origin$/,
  "cross-origin-opener-policy": /^same-origin$/,
  "content-security-policy": /default-src 'none'.*frame-ancestors [^*]+/,
};

/** What is wrong with an answer; nothing if all is as it should be. */
export function judge(sent: Uint8Array, answer: RawAnswer, origins: Origins): string[] {
  const of = (name: string) => answer.headers.filter(([each]) => each === name).map(([, value]) => value);
  if (isOfHost(answer, sent)) return [];
  const isJson = /^application\/json(?:;[^,]*)?$/.test(of("content-type").join(","));
  return [
    ...Object.entries(isJson ? everyAnswer : everyDocument).flatMap(([name, pattern]) => {
      const [value, ...more] = of(name);
      return value !== undefined && pattern.test(value) && more.length === 0
        ? []
        : [`${name} is ${value ?? "missing"}`];
    }),
    ...(isJson ||
    of("x-frame-options")[0] === "DENY" ||
    of("content-security-policy")[0]?.includes("frame-ancestors http")
      ? []
      : ["anybody may frame it"]),
    ...(answer.status >= 500 && !isNamedFailure(answer) ? [`an unnamed ${answer.status}`] : []),
    ...of("location").flatMap((location) => (leadsHome(location, origins) ? [] : [`leads to ${location}`])),
    ...of("set-cookie").flatMap((cookie) => (isKept(cookie) ? [] : [`a cookie that is not kept: ${cookie}`])),
    ...(of(splitHeader).length > 0 ? ["its head was split"] : []),
    ...(of("content-type")[0]?.includes("html") && answer.body.includes(markup) ? ["markup of the request"] : []),
  ];
}

function isOfHost(answer: RawAnswer, sent: Uint8Array): boolean {
  if (!isBare(answer)) return false;
  if (isCrash(answer)) return isBeyondProgrammingModel(sent) || isBeyondHost(sent);
  return hostStatuses.has(answer.status);
}

function isBare({ headers, body }: RawAnswer): boolean {
  return headers.every(([name]) => bareHeaders.has(name)) && body === "";
}

/** The host's own 500. What it was for is in the host's log: see {@link crashesIn}. */
export function isCrash(answer: RawAnswer): boolean {
  return answer.status === 500 && isBare(answer);
}

/** The one reason for it that is none of the app's. */
const refusedHead =
  / error Function\.[\w-]+: failed, answered 500: TypeError: Cannot convert argument to a ByteString .*\.fromRpcTypedData /;

/** The lines of the host's log about failures that it had to answer for, those that the app has no part in apart. */
export function crashesIn(lines: readonly string[]): { ofApp: readonly string[]; ofHead: readonly string[] } {
  const crashes = lines.filter((line) => / error (?:Host|Function\.[\w-]+): (?!\{)/.test(line));
  const ofHead = crashes.filter((line) => refusedHead.test(line));
  return { ofHead, ofApp: crashes.filter((line) => !ofHead.includes(line)) };
}

/**
 * The host reads header values as UTF-8, and the programming model's `Headers` takes nothing above U+00FF: it throws
 * before any function of the app is called, and the host answers 500 by itself. Only that is excused: not a character in
 * the request line, nor bytes that are no UTF-8, which the host refuses with 400.
 */
function isBeyondProgrammingModel(sent: Uint8Array): boolean {
  const [head = ""] = Buffer.from(sent).toString("latin1").split("\r\n\r\n");
  const [, ...lines] = head.split("\r\n");
  return lines.some((line) => {
    const value = Buffer.from(line.slice(line.indexOf(":") + 1), "latin1");
    return isUtf8(value) && /[^\0-\xff]/.test(value.toString("utf8"));
  });
}

/** The host gives up on a body of more than 100 MB, or on a Host that is there and empty, before any function is called. */
export function isBeyondHost(sent: Uint8Array): boolean {
  const [head = ""] = Buffer.from(sent).toString("latin1").split("\r\n\r\n");
  const lengths = [...head.matchAll(/^content-length: *(\d+) *$/gim)].map(([, length]) => Number(length));
  return lengths.some((length) => length > 104_857_600) || /^host:[ \t]*$/im.test(head);
}

function isNamedFailure({ status, body }: RawAnswer): boolean {
  return dependencyFailures.some(
    ([code, { status: expected, title }]) =>
      status === expected && (body.includes(`"code":"${code}"`) || body.includes(`<title>${title}</title>`)),
  );
}

/** A path of the app, or an address of the app or the identity provider, however a browser may read it. */
function leadsHome(location: string, { app, identityProvider }: Origins): boolean {
  const origin = URL.parse(location, app)?.origin;
  return (origin === app || origin === identityProvider) && /^[\x21-\x5b\x5d-\x7e]+$/.test(location);
}

/** From scripts, and from other sites' requests; and for the whole host alone. */
function isKept(cookie: string): boolean {
  const attributes = new Set(cookie.toLowerCase().split("; ").slice(1));
  const isSecure = attributes.has("secure") === cookie.startsWith("__Host-");
  return isSecure && ["httponly", "samesite=lax", "path=/"].every((attribute) => attributes.has(attribute));
}
