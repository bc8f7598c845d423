/**
 * The fields of IANA's registry for HTTP fields, and which way it goes through the app: to APIs, to browsers, both ways, or
 * neither. `special` ones are about the message itself, and have tests of their own.
 */
export const registry = {
  "both ways": `
    A-IM Accept Accept-Additions Accept-Charset Accept-Datetime Accept-Encoding Accept-Features Accept-Language Accept-Patch
    Accept-Query Cache-Groups Cache-Group-Invalidation
    Accept-Post Accept-Ranges Accept-Signature Access-Control Age Allow Alternates AMP-Cache-Transform Apply-To-Redirect-Ref
    Available-Dictionary C-Ext C-Man C-Opt C-PEP C-PEP-Info Cache-Status Cal-Managed-ID CalDAV-Timezones Capsule-Protocol CDN-Loop
    Cert-Not-After Cert-Not-Before CMCD-Object CMCD-Request CMCD-Session CMCD-Status CMSD-Dynamic CMSD-Static
    Configuration-Context Content-Base Content-Digest Content-Disposition Content-ID Content-Language Content-MD5 Content-Range
    Content-Script-Type Content-Style-Type Content-Type Content-Version CTA-Common-Access-Token DASL DAV Default-Style Delta-Base
    Deprecation Depth Derived-From Destination Detached-JWS Differential-ID Dictionary-ID Digest Early-Data EDIINT-Features ETag
    Expires Ext From GetProfile Hobareg If If-Match If-Modified-Since If-None-Match If-Range If-Schedule-Tag-Match
    If-Unmodified-Since IM Include-Referred-Token-Binding-ID Isolation Label Last-Event-ID Last-Modified Link Link-Template
    Lock-Token Man Memento-Datetime Meter Method-Check Method-Check-Expires MIME-Version Negotiate OData-EntityId OData-Isolation
    OData-MaxVersion OData-Version Opt Ordering-Type OSCORE OSLC-Core-Version Overwrite P3P PEP PEP-Info PICS-Label Ping-From
    Ping-To Position Pragma Prefer Preference-Applied Priority ProfileObject Protocol Protocol-Info Protocol-Query
    Protocol-Request Proxy-Status Public Range Redirect-Ref Referer-Root Repeatability-Client-ID Repeatability-First-Sent
    Repeatability-Request-ID Repeatability-Result Replay-Nonce Repr-Digest Retry-After Safe Schedule-Reply Schedule-Tag Server
    Server-Timing SetProfile Signature Signature-Input SLUG SoapAction Status-URI Sunset TCN Timeout Topic
    TTL Urgency URI User-Agent Variant-Vary Vary Want-Content-Digest Want-Digest Want-Repr-Digest Warning`,
  "to APIs": `
    Accept-CH Access-Control-Allow-Credentials Access-Control-Allow-Headers Access-Control-Allow-Methods
    Access-Control-Allow-Origin Access-Control-Expose-Headers Access-Control-Max-Age Activate-Storage-Access
    Authentication-Control Authentication-Info Cache-Control CDN-Cache-Control Clear-Site-Data Content-Security-Policy
    Content-Security-Policy-Report-Only Cross-Origin-Embedder-Policy Cross-Origin-Embedder-Policy-Report-Only
    Cross-Origin-Opener-Policy Cross-Origin-Opener-Policy-Report-Only Cross-Origin-Resource-Policy DPoP-Nonce Expect-CT NEL
    Optional-WWW-Authenticate Origin-Agent-Cluster Permissions-Policy Public-Key-Pins Public-Key-Pins-Report-Only Referrer-Policy
    Refresh Reporting-Endpoints Set-Cookie Set-Cookie2 Strict-Transport-Security Surrogate-Control Timing-Allow-Origin
    Use-As-Dictionary WWW-Authenticate X-Content-Type-Options X-Frame-Options`,
  "to browsers": `
    Alt-Used Authorization Client-Cert Client-Cert-Chain Concealed-Auth-Export Cookie Cookie2 DPoP Forwarded Max-Forwards Origin
    Referer Via`,
  neither: `
    Access-Control-Request-Headers Access-Control-Request-Method ALPN Alt-Svc Close HTTP2-Settings Keep-Alive Proxy-Authenticate
    Proxy-Authentication-Info Proxy-Authorization Proxy-Features Proxy-Instruction Sec-Fetch-Storage-Access Sec-GPC Sec-Purpose
    Sec-Token-Binding Sec-WebSocket-Accept Sec-WebSocket-Extensions Sec-WebSocket-Key Sec-WebSocket-Protocol Sec-WebSocket-Version
    Security-Scheme Surrogate-Capability`,
  special: `
    Connection Content-Encoding Content-Length Content-Location Date Expect Host Location TE Trailer Traceparent Tracestate Transfer-Encoding
    Upgrade`,
} as const;

/** The names of a group. */
export function namesOf(group: keyof typeof registry): readonly string[] {
  return registry[group].trim().split(/\s+/);
}
