export interface ContentPolicy {
  /** Origins besides the app's own that a form may lead to, also by redirect. */
  readonly formAction?: readonly string[];
  /** Who may show the answer in a frame. Nobody by default. */
  readonly frameAncestors?: readonly string[];
}

/** Content-Security-Policy of a page: the app's own script and style, nothing inline, nothing from elsewhere. */
export function pagePolicy({ formAction = [], frameAncestors = [] }: ContentPolicy = {}): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    "connect-src 'self'",
    `form-action ${["'self'", ...formAction].join(" ")}`,
    `frame-ancestors ${frameAncestors.join(" ") || "'none'"}`,
    "base-uri 'none'",
  ].join("; ");
}
