const names = [
  "Accept-Ranges",
  "Access-Control-Allow-Credentials",
  "Access-Control-Allow-Headers",
  "Access-Control-Allow-Methods",
  "Access-Control-Allow-Origin",
  "Access-Control-Expose-Headers",
  "Access-Control-Max-Age",
  "Age",
  "Allow",
  "Alt-Svc",
  "Cache-Control",
  "Connection",
  "Content-Encoding",
  "Content-Language",
  "Content-Length",
  "Content-Location",
  "Content-MD5",
  "Content-Range",
  "Content-Type",
  "Date",
  "ETag",
  "Expires",
  "Keep-Alive",
  "Last-Modified",
  "Location",
  "Pragma",
  "Proxy-Authenticate",
  "Proxy-Connection",
  "Retry-After",
  "Server",
  "Set-Cookie",
  "Trailer",
  "Upgrade",
  "Vary",
  "Via",
  "Warning",
  "WWW-Authenticate",
];

const byLowerName = new Map(names.map((name) => [name.toLowerCase(), name]));

/** A response header's name as Kestrel writes it: known names in Kestrel's spelling, others as given. */
export function spellHeader(name: string): string {
  return byLowerName.get(name.toLowerCase()) ?? name;
}

// Further names that .NET's HTTP client knows, for answers that pass through it.
const forwardedNames = [
  "Accept-Patch",
  "Content-Disposition",
  "Content-Security-Policy",
  "Expect-CT",
  "Link",
  "P3P",
  "Public-Key-Pins",
  "Referrer-Policy",
  "Refresh",
  "Server-Timing",
  "Strict-Transport-Security",
  "X-AspNet-Version",
  "X-Cache",
  "X-Content-Duration",
  "X-Content-Type-Options",
  "X-Frame-Options",
  "X-Powered-By",
  "X-Request-ID",
  "X-UA-Compatible",
  "X-XSS-Protection",
];

const byForwardedName = new Map(forwardedNames.map((name) => [name.toLowerCase(), name]));

/** The same for an answer that the host forwards from the worker. */
export function spellForwardedHeader(name: string): string {
  return byForwardedName.get(name.toLowerCase()) ?? spellHeader(name);
}
