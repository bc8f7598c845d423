/**
 * The header fields that an API's call does not pass on, by reason. Every other end-to-end field goes through, both ways. Names
 * are in lower case; one that ends in `*` stands for all names that begin so. docs/http.md lists them for callers.
 */
type WithheldFields = Readonly<Record<string, readonly string[]>>;

/** RFC 9110 section 7.6.1 and RFC 9113 section 8.2.2. The body's length is set anew. */
const ofTheConnection = [
  "alpn",
  "alt-svc",
  "close",
  "connection",
  "content-length",
  "http2-settings",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authentication-info",
  "proxy-authorization",
  "proxy-connection",
  "proxy-features",
  "proxy-instruction",
  "security-scheme",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
];

/** The field that marks the app's own problem details. It is removed from APIs' answers. */
export const ownProblemField = "bff-problem";

export const withheldFromApis = {
  connection: ofTheConnection,
  "credentials of the browser": ["authorization", "cookie", "cookie2", "dpop"],
  "which server is meant": ["alt-used", "expect", "host"],
  "the trace: the app tells its own": ["baggage", "traceparent", "tracestate"],
  "which page asks, and as what": [
    "access-control-request-*",
    "origin",
    "referer",
    "sec-*",
    "upgrade-insecure-requests",
  ],
  "another method than the one that was checked": ["x-http-method", "x-http-method-override", "x-method-override"],
  "the way that the request came": [
    "cf-connecting-*",
    "client-cert",
    "client-cert-chain",
    "client-ip",
    "concealed-auth-export",
    "forwarded",
    "max-forwards",
    "proxy",
    "surrogate-capability",
    "true-client-ip",
    "via",
    "x-client-ip",
    "x-client-port",
    "x-cluster-client-ip",
    "x-forwarded",
    "x-forwarded-*",
    "x-original-*",
    "x-real-ip",
    "x-rewrite-url",
  ],
  "what the platform tells the app": [
    "disguised-host",
    "was-default-hostname",
    "x-appservice-*",
    "x-arr-*",
    "x-azure-*",
    "x-fd-*",
    "x-functions-*",
    "x-k8se-*",
    "x-ms-client-principal*",
    "x-ms-coldstart",
    "x-ms-containerapp-*",
    "x-ms-invocation-id",
    "x-ms-token-*",
    "x-site-deployment-id",
    "x-waws-*",
    "x-zumo-*",
  ],
} as const satisfies WithheldFields;

export const withheldFromBrowsers = {
  connection: ofTheConnection,
  "cookies and challenges of the API": [
    "authentication-control",
    "authentication-info",
    "dpop-nonce",
    "optional-www-authenticate",
    "set-cookie",
    "set-cookie2",
    "set-login",
    "www-authenticate",
  ],
  "who may read, embed and run what": [
    "access-control-*",
    "content-security-policy",
    "content-security-policy-report-only",
    "cross-origin-*",
    "document-policy",
    "document-policy-report-only",
    "expect-ct",
    "feature-policy",
    "integrity-policy",
    "integrity-policy-report-only",
    "origin-agent-cluster",
    "permissions-policy",
    "permissions-policy-report-only",
    "public-key-pins",
    "public-key-pins-report-only",
    "referrer-policy",
    "require-document-policy",
    "strict-transport-security",
    "timing-allow-origin",
    "x-content-type-options",
    "x-frame-options",
    "x-permitted-cross-domain-policies",
    "x-xss-protection",
  ],
  "what a browser does for the whole origin, or by itself": [
    "accept-ch",
    "accept-ch-lifetime",
    "activate-storage-access",
    "attribution-reporting-*",
    "clear-site-data",
    "critical-ch",
    "nel",
    "observe-browsing-topics",
    "refresh",
    "report-to",
    "reporting-endpoints",
    "sec-*",
    "secure-session-*",
    "service-worker-allowed",
    "sourcemap",
    "speculation-rules",
    "supports-loading-mode",
    "use-as-dictionary",
    "x-sourcemap",
  ],
  "what caches and servers in front of the app do": [
    "cache-control",
    "cdn-cache-control",
    "cloudflare-cdn-cache-control",
    "surrogate-*",
    "x-accel-*",
    "x-lighttpd-send-file",
    "x-ms-invocation-id",
    "x-sendfile",
  ],
  "the app's own": [ownProblemField],
} as const satisfies WithheldFields;

export const isWithheldFromApis = matcherOf(withheldFromApis);
export const isWithheldFromBrowsers = matcherOf(withheldFromBrowsers);

/** Whether a name (in lower case) is one of `fields`. */
function matcherOf(fields: WithheldFields): (name: string) => boolean {
  const all = Object.values(fields).flat();
  const exact = new Set(all);
  const beginnings = all.filter((name) => name.endsWith("*")).map((name) => name.slice(0, -1));
  const begins = new RegExp(`^(?:${beginnings.join("|")})`);
  return (name) => exact.has(name) || begins.test(name);
}
