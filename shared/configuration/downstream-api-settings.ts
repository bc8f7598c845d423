import type { Setting } from "./setting.ts";

/** Settings of one downstream API: `<name>` is its name, as in the route `/api/<name>/…`. */
export const downstreamApiSettings = {
  downstreamBaseUrl: {
    name: "DownstreamApis__<name>__BaseUrl",
    meaning: "Base URL of the downstream API <name>.",
    expects: "an https:// URL (http:// only for a loopback address)",
    default: "https://graph.microsoft.com/v1.0 for graph, when no API is configured",
  },
  downstreamScopes: {
    name: "DownstreamApis__<name>__Scopes",
    meaning: "Scopes asked for when calling the downstream API <name>.",
    expects: "scopes of one resource, separated by spaces",
    default: "User.Read for graph, when no API is configured",
  },
  downstreamAllowEncodedSlashes: {
    name: "DownstreamApis__<name>__AllowEncodedSlashes",
    meaning:
      "Whether `/api/<name>/` passes on `%2F` within a path. A server that takes it for a slash would let a browser reach other paths.",
    expects: "true or false",
    default: "false",
  },
  downstreamCaching: {
    name: "DownstreamApis__<name>__Caching",
    meaning:
      "What browsers may keep of the API's answers: nothing, or a private copy of what has an ETag, which they check with the app before each use.",
    expects: "no-store or private",
    default: "no-store",
  },
} as const satisfies Record<string, Setting>;

export type DownstreamApiSetting = keyof typeof downstreamApiSettings;
