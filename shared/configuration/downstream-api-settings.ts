import type { Setting } from "./setting.ts";

/** Settings of one downstream API: `<name>` is its name, as in the route `/api/<name>/…`. */
export const downstreamApiSettings = {
  downstreamBaseUrl: {
    name: "DownstreamApis__<name>__BaseUrl",
    meaning: "Base URL of the downstream API <name>.",
    expects: "an https:// URL (http:// only for a loopback address); for graph none, if the app does not call it",
    default: "Microsoft Graph of the cloud of AzureAd__Instance for graph, when it has no settings",
  },
  downstreamToken: {
    name: "DownstreamApis__<name>__Token",
    meaning: "Whose access token the API is called with: the signed-in person's, the app's own, or none.",
    expects: "UserToken, AppToken (only with one tenant in AzureAd__TenantId) or Anonymous",
    default: "UserToken",
  },
  downstreamScopes: {
    name: "DownstreamApis__<name>__Scopes",
    meaning: "Scopes of the access token for the downstream API <name>.",
    expects: "scopes of one resource, separated by spaces; with AppToken <resource>/.default; not with Anonymous",
    default: "User.Read for graph, when it has no settings",
  },
  downstreamHeader: {
    name: "DownstreamApis__<name>__Headers__<Name>",
    meaning:
      "A header field for every call of the API, such as a subscription key. In its name, `_` stands for `-`. The value may be a secret.",
    expects: "printable ASCII; no field that HTTP or the app sets, and Authorization only with Anonymous",
  },
  downstreamMethods: {
    name: "DownstreamApis__<name>__Methods",
    meaning: "Methods with which browsers may call the API. GET also allows HEAD.",
    expects: "some of GET, HEAD, POST, PUT, PATCH and DELETE, separated by spaces",
    default: "all of them",
  },
  downstreamPaths: {
    name: "DownstreamApis__<name>__Paths",
    meaning:
      "Paths of the API that browsers may call. `*` stands for a part of a segment, `**` for the rest of a path.",
    expects: "paths below the base URL, separated by spaces, such as me me/messages/* files/**",
    default: "all of them",
  },
  downstreamRequireSession: {
    name: "DownstreamApis__<name>__RequireSession",
    meaning:
      "Whether a browser must be signed in to call the API. If not, anybody can call it through the app, except pages of other sites.",
    expects: "true or false; false only with Anonymous, and without RequireRole and private Caching",
    default: "true",
  },
  downstreamRequireRole: {
    name: "DownstreamApis__<name>__RequireRole",
    meaning:
      "App roles of which a person needs one to call the API from a browser. Without it, everyone who is signed in may.",
    expects: "values of app roles, separated by spaces",
  },
  downstreamAllowEncodedSlashes: {
    name: "DownstreamApis__<name>__AllowEncodedSlashes",
    meaning:
      "Whether `/api/<name>/` accepts `%2F` within a path. If the API's server takes it for a slash, a browser could reach other paths.",
    expects: "true or false",
    default: "false",
  },
  downstreamMaxRequestBytes: {
    name: "DownstreamApis__<name>__MaxRequestBytes",
    meaning: "Size of the largest request body that a browser may send to the API.",
    expects: "a whole number of bytes from 0 to 1000000000000",
    default: "104857600",
  },
  downstreamTimeoutSeconds: {
    name: "DownstreamApis__<name>__TimeoutSeconds",
    meaning: "How long the API may take from the end of the request to the beginning of its answer.",
    expects: "a whole number of seconds from 1 to 230",
    default: "30",
  },
  downstreamIdleTimeoutSeconds: {
    name: "DownstreamApis__<name>__IdleTimeoutSeconds",
    meaning: "How long the API may pause within its answer.",
    expects: "a whole number of seconds from 1 to 3600",
    default: "100",
  },
  downstreamCaching: {
    name: "DownstreamApis__<name>__Caching",
    meaning:
      "What browsers may keep of the API's answers: nothing, or a private copy of an answer with an ETag, which they check with the app before each use.",
    expects: "no-store or private",
    default: "no-store",
  },
} as const satisfies Record<string, Setting>;

export type DownstreamApiSetting = keyof typeof downstreamApiSettings;
