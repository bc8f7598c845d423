/** The files of `web/`, built by `scripts/build.ts` into `dist/web-assets.cjs`: gzip (RFC 1952), in base64. */
declare module "web-assets" {
  export const pageHtml: string;
  export const pageScript: string;
  export const authScript: string;
  export const authTypes: string;
  export const styleSheet: string;
}
