import { directives, type ContentPolicy } from "./page-policy.ts";

const keyword = /^'(?:self|report-sample|strict-dynamic|wasm-unsafe-eval|sha(?:256|384|512)-[\w+/-]+={0,2})'$/;
const unsafeKeyword = /^'unsafe-(?:inline|eval|hashes)'$/;
const scheme = /^[a-z][a-z0-9+.-]*:$/i;
/**
 * Scheme, host, port and path (Content Security Policy Level 3 section 2.3.1). Without a scheme, the host needs a dot: `self`
 * without its quotes would be a host, too.
 */
const host =
  /^(?:[a-z][a-z0-9+.-]*:\/\/(?:\*\.)?[a-z0-9-]+|(?:\*\.)?[a-z0-9-]+\.[a-z0-9-]+|localhost)(?:\.[a-z0-9-]+)*(?::(?:\d+|\*))?(?:\/[\w.~!$&()*+=:@%/-]*)?$/i;
const anyHost = /^(?:[a-z][a-z0-9+.-]*:\/\/)?\*(?::(?:\d+|\*))?$/i;

/**
 * Refuses what would break a Content-Security-Policy, or undo much of it.
 * @throws {TypeError} which names the source
 */
export function checkedPolicy(policy: ContentPolicy): ContentPolicy {
  const { allowUnsafe = false, ...lists } = policy;
  for (const [directive, sources] of Object.entries(lists)) {
    if (!(directives as readonly string[]).includes(directive)) {
      throw new TypeError(`contentSecurityPolicy has no ${directive}; it has ${directives.join(", ")}`);
    }
    for (const source of sources) {
      const trouble = troubleWith(directive, source, allowUnsafe);
      if (trouble !== undefined) throw new TypeError(`contentSecurityPolicy.${directive}: ${source} ${trouble}`);
    }
  }
  return policy;
}

function troubleWith(directive: string, source: string, allowUnsafe: boolean): string | undefined {
  if (keyword.test(source) || host.test(source)) return undefined;
  const isScheme = scheme.test(source);
  if (isScheme && directive !== "scriptSrc") return undefined;
  if (isScheme || unsafeKeyword.test(source) || anyHost.test(source)) {
    return allowUnsafe ? undefined : "undoes the protection; if it must be, set allowUnsafe";
  }
  return "is not a source, such as https://fonts.example, blob: or a hash in quotes; for a nonce, use context.nonce";
}
