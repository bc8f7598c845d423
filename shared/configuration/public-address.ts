import { hostSettings, platformHostName } from "./host-settings.ts";
import { SettingsReader, type Environment } from "./settings-reader.ts";
import { settings } from "./settings.ts";

/** Where browsers see the app, and where the Functions host does. */
export interface PublicAddress {
  /** Origin and path, without a trailing slash. */
  readonly publicBaseUrl: string;
  readonly publicOrigin: string;
  /** What the paths of all the app's addresses begin with, as browsers see them: "", or such as "/orders". */
  readonly basePath: string;
  /** The same as the Functions host sees them: the base path, or "" if the proxy in front removes it. */
  readonly hostPath: string;
}

/** Characters that no server spells in two ways. The length leaves room for the cookies that are named after the path. */
const path = /^(?:\/[\w-]+)+$/;
const maxPathLength = 50;

export function readPublicAddress(read: SettingsReader): PublicAddress {
  const publicBaseUrl = readPublicBaseUrl(read);
  const { origin = "", pathname = "/" } = URL.parse(publicBaseUrl) ?? {};
  const basePath = pathname === "/" ? "" : pathname;
  return { publicBaseUrl, publicOrigin: origin, basePath, hostPath: readHostPath(read, basePath) };
}

function readPublicBaseUrl(read: SettingsReader): string {
  const hostName = read.raw(platformHostName);
  const value = read.optional(settings.publicBaseUrl) ?? (hostName && `https://${hostName}`);
  if (!value) return read.fail(settings.publicBaseUrl, "is missing");
  return baseUrlOf(value) ?? read.fail(settings.publicBaseUrl);
}

/** The base path in settings that are broken; "" if it cannot be told. */
export function basePathOf(environment: Environment): string {
  return readPublicAddress(new SettingsReader(environment)).basePath;
}

/** @returns origin and path without a trailing slash; undefined if `value` is not what {@link settings.publicBaseUrl} expects */
export function baseUrlOf(value: string): string | undefined {
  const url = URL.parse(value);
  const secure = url?.protocol === "https:" || (url?.protocol === "http:" && url.hostname === "localhost");
  if (!url || !secure || url.href !== url.origin + url.pathname) return undefined;
  const { origin, pathname } = url;
  if (pathname === "/") return origin;
  const basePath = pathname.replace(/\/$/, "");
  return path.test(basePath) && basePath.length <= maxPathLength ? origin + basePath : undefined;
}

/** The host puts its route prefix before every route, which the app's functions then see in the address of a request. */
function readHostPath(read: SettingsReader, basePath: string): string {
  const prefix = read.optional(hostSettings.routePrefix)?.replaceAll(/^\/|\/$/g, "");
  if (!prefix) return "";
  if (`/${prefix}` !== basePath) read.fail(hostSettings.routePrefix, `contradicts ${settings.publicBaseUrl.name}`);
  return basePath;
}
