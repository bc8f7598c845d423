import type { IncomingMessage } from "node:http";
import type { HttpRequest, HttpRequestParams } from "@azure/functions";
import { asciiLowerCase } from "../core/encoding.ts";

/**
 * The request that the browser has sent. With HTTP streams, the programming model takes headers and route parameters from a
 * list that also holds members of the query and of a JSON body: a member named `Headers` replaces every header, even cookies
 * and `Sec-Fetch-Site`, and one with a parameter's name in another case replaces the parameter. The path has every `%` encoded
 * once more. So the headers come from the forwarded request here, the parameters are only those of the route, and the URL is
 * what it is without HTTP streams.
 * @param request of the programming model, for its body
 * @param forwarded as it has reached this process
 * @param route template of the function, such as `api/{api}/{*path}`
 */
export function requestAsSent(request: HttpRequest, forwarded: IncomingMessage, route: string): HttpRequest {
  const url = urlAsSent(request.url);
  return {
    method: request.method,
    url,
    headers: headersAsSent(forwarded, request.headers),
    query: new URL(url).searchParams,
    params: routeParameters(request.params, route),
    // From a header that the platform sets, but anybody can send.
    user: null,
    get body() {
      return request.body;
    },
    get bodyUsed() {
      return request.bodyUsed;
    },
    arrayBuffer: async () => request.arrayBuffer(),
    blob: async () => request.blob(),
    formData: async () => request.formData(),
    json: async () => request.json(),
    text: async () => request.text(),
    clone: () => requestAsSent(request.clone(), forwarded, route),
  };
}

/** Fields that the host adds or replaces, and those of its own connection to this process. */
const ofTheHost = new Set(["host", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-ms-invocation-id"]);

/** What the host does not forward, and a function wants to know to refuse it. Who forges one refuses their own request. */
const unforwarded = ["connection", "upgrade"];

function headersAsSent({ headers: forwarded, headersDistinct }: IncomingMessage, given: Headers): Headers {
  const headers = new Headers();
  for (const [name, values] of Object.entries(headersDistinct)) {
    if (values !== undefined && !ofTheHost.has(name)) headers.set(name, values.join(name === "cookie" ? "; " : ", "));
  }
  const host = forwarded["x-forwarded-host"];
  if (typeof host === "string") headers.set("host", host);
  for (const name of unforwarded) {
    const value = given.get(name);
    if (value === null) headers.delete(name);
    else headers.set(name, value);
  }
  return headers;
}

/** A parameter of the path takes precedence over anything else with its name, in whatever case. */
function routeParameters(params: HttpRequestParams, route: string): HttpRequestParams {
  const values = new Map(Object.entries(params).map(([name, value]) => [asciiLowerCase(name), value]));
  const names = [...route.matchAll(/\{\*{0,2}(\w+)/g)].map(([, name = ""]) => name);
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = values.get(asciiLowerCase(name));
      return value === undefined ? [] : [[name, value] as const];
    }),
  );
}

function urlAsSent(forwarded: string): string {
  const url = new URL(forwarded);
  url.pathname = url.pathname.replaceAll(/%25(?=[0-9a-f]{2})/gi, "%");
  return url.href;
}
