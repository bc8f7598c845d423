/** The files of `web/`, built and put into the bundle by `scripts/build.ts`: gzip (RFC 1952), in base64. */
declare module "web-assets" {
  export const pageHtml: string;
  export const pageScript: string;
  export const authScript: string;
  export const authTypes: string;
  export const styleSheet: string;
}
