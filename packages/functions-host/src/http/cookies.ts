import type { RpcHttpCookie } from "../worker/core-types.ts";
import { encodePercent } from "./percent.ts";

/**
 * Writes a cookie of a function's response as a Set-Cookie value, as the Functions host does (through ASP.NET Core):
 * the value is percent-encoded, the path is `/` unless given, attribute names are in lower case, and path and domain
 * are not checked.
 * @throws {RangeError} for a name that is not a token, or a max-age that is not a number from 0 up: the host answers
 *   500
 */
export function writeCookie(cookie: RpcHttpCookie): string {
  const name = cookie.name ?? "";
  if (!/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(name)) throw new RangeError(`"${name}" is no cookie name`);
  const attributes = [
    attribute("expires", formatExpires(cookie.expires?.value?.seconds)),
    attribute("max-age", formatMaxAge(cookie.maxAge?.value)),
    attribute("domain", cookie.domain?.value),
    attribute("path", cookie.path?.value ?? "/"),
    cookie.secure?.value === true ? "; secure" : "",
    attribute("samesite", formatSameSite(cookie.sameSite)),
    cookie.httpOnly?.value === true ? "; httponly" : "",
  ];
  return `${name}=${encodePercent(cookie.value ?? "")}${attributes.join("")}`;
}

function attribute(name: string, value: string | null | undefined): string {
  return value === undefined || value === null ? "" : `; ${name}=${value}`;
}

function formatExpires(seconds: number | null | undefined): string | undefined {
  return seconds === undefined || seconds === null ? undefined : new Date(seconds * 1000).toUTCString();
}

function formatMaxAge(seconds: number | null | undefined): string | undefined {
  if (seconds === undefined || seconds === null) return undefined;
  const whole = Math.trunc(seconds);
  if (!Number.isFinite(seconds) || whole < 0) throw new RangeError(`max-age ${seconds} is out of range`);
  return String(whole === 0 ? 0 : whole);
}

// In the protocol, "none" means that the function set nothing.
function formatSameSite(sameSite: RpcHttpCookie["sameSite"]): string | undefined {
  if (sameSite === "explicitNone") return "none";
  return sameSite === "lax" || sameSite === "strict" ? sameSite : undefined;
}
