/**
 * Sources for a Content-Security-Policy, each list in addition to what {@link pagePolicy} allows anyway. The names are those of
 * the policy's directives. A source is an origin such as `https://fonts.example`, also with a path or a `*.` before the host, a
 * scheme such as `blob:`, a hash, or a keyword in its quotes.
 */
export interface ContentPolicy {
  readonly scriptSrc?: readonly string[];
  /** For styles within a page, use `context.nonce` or a hash. */
  readonly styleSrc?: readonly string[];
  readonly fontSrc?: readonly string[];
  readonly imgSrc?: readonly string[];
  /** Where scripts may call: `fetch`, WebSockets and the like. */
  readonly connectSrc?: readonly string[];
  readonly mediaSrc?: readonly string[];
  readonly workerSrc?: readonly string[];
  /** What the page may show in frames. Nothing by default. */
  readonly frameSrc?: readonly string[];
  /** Where a form may lead, also by redirect. */
  readonly formAction?: readonly string[];
  /** Who may show the page in a frame. Nobody by default. */
  readonly frameAncestors?: readonly string[];
  /** Takes also sources with which injected markup may run: `'unsafe-inline'`, `'unsafe-eval'`, `*`, and scripts by scheme. */
  readonly allowUnsafe?: boolean;
}

type Directive = Exclude<keyof ContentPolicy, "allowUnsafe">;

/** What each directive allows anyway. */
const usual: Readonly<Record<Directive, readonly string[]>> = {
  scriptSrc: ["'self'"],
  styleSrc: ["'self'"],
  fontSrc: ["'self'"],
  imgSrc: ["'self'", "data:"],
  connectSrc: ["'self'"],
  mediaSrc: ["'self'"],
  workerSrc: ["'self'"],
  frameSrc: [],
  formAction: ["'self'"],
  frameAncestors: [],
};

export const directives = Object.keys(usual) as readonly Directive[];

/**
 * Content-Security-Policy of a page: the app's own files, nothing inline, nothing from elsewhere, and what `policy` adds.
 * @param nonce for scripts and styles within the page that carry it
 */
export function pagePolicy(policy: ContentPolicy = {}, nonce?: string): string {
  const inline = nonce === undefined ? [] : [`'nonce-${nonce}'`];
  const added = {
    ...policy,
    scriptSrc: [...inline, ...(policy.scriptSrc ?? [])],
    styleSrc: [...inline, ...(policy.styleSrc ?? [])],
  };
  const allowed = directives.map((directive) => {
    return `${nameOf(directive)} ${[...usual[directive], ...(added[directive] ?? [])].join(" ") || "'none'"}`;
  });
  return ["default-src 'none'", ...allowed, "manifest-src 'self'", "base-uri 'none'"].join("; ");
}

/** @param inline the sources of the script and the style within the page */
export function smallPagePolicy(
  inline: { readonly scriptSrc?: string; readonly styleSrc: string },
  frameAncestors: readonly string[] = [],
): string {
  return [
    "default-src 'none'",
    `script-src ${inline.scriptSrc ?? "'none'"}`,
    `style-src ${inline.styleSrc}`,
    "img-src data:",
    "form-action 'self'",
    `frame-ancestors ${frameAncestors.join(" ") || "'none'"}`,
    "base-uri 'none'",
  ].join("; ");
}

function nameOf(directive: Directive): string {
  return directive.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
