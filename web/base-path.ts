/** Where the app serves this code: at `/assets/`, below its base path. */
const ownAddress = /^https?:\/\/[^/]+(.*)\/assets\/(?:auth|page)\.js(?:[?#]|$)/;

let path = ownAddress.exec(import.meta.url)?.[1] ?? "";

/** What the app's paths begin with: "", or the path of `PublicBaseUrl`, such as "/orders". */
export function basePath(): string {
  return path;
}

/**
 * Says at which path of its host the app is: the path of `PublicBaseUrl`, such as "/orders". Only a module in a bundle needs to
 * be told; `/assets/auth.js` knows it from its own address. Call it before anything else.
 */
export function setBasePath(to: string): void {
  path = to.replace(/\/+$/, "");
}
