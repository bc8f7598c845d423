import type { PublicAddress } from "../configuration/public-address.ts";

/** The path and query of a request as the browser has them: the proxy in front may have removed the app's base path. */
export function publicPathOf(
  url: string,
  { basePath, hostPath }: Pick<PublicAddress, "basePath" | "hostPath">,
): string {
  const { pathname, search } = new URL(url);
  return basePath + pathname.slice(hostPath.length) + search;
}
