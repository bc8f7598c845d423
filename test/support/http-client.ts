import { request as httpRequest, type IncomingHttpHeaders } from "node:http";

export interface Answer {
  readonly url: string;
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly bytes: Buffer;
  json(): Record<string, unknown>;
}

export interface Ask {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  /** Without the client's cookies. */
  readonly anonymous?: boolean;
  /** Path and query as they are to be sent, where URL parsing would tidy them up. */
  readonly rawTarget?: string;
}

/** A browser without a screen: keeps cookies by host as browsers do, and follows redirects when asked to. */
export interface Client {
  /** One request, no redirects. Paths are the app's. */
  fetch(target: string, ask?: Ask): Promise<Answer>;
  /** A person's navigation: follows redirects to the end. Every answer on the way is in `trail`. */
  navigate(target: string, ask?: Ask): Promise<Answer & { readonly trail: readonly Answer[] }>;
  /** `name=value` pairs kept for a host. */
  cookies(host: string): ReadonlyMap<string, string>;
  setCookie(host: string, name: string, value: string): void;
}

/**
 * @param publicBaseUrl origin of the app as links and redirects say it
 * @param instanceUrl where its requests really go: one of several instances
 * @param onAnswer sees every answer, those of other origins included
 */
export function createClient(
  publicBaseUrl: string,
  instanceUrl = publicBaseUrl,
  onAnswer: (answer: Answer) => void = () => undefined,
): Client {
  const jars = new Map<string, Map<string, string>>();
  const jarOf = (host: string) => {
    const jar = jars.get(host) ?? new Map<string, string>();
    jars.set(host, jar);
    return jar;
  };

  const fetch: Client["fetch"] = async (target, ask = {}) => {
    const url = new URL(target, publicBaseUrl);
    const { hostname } = url;
    const cookie = [...jarOf(hostname)].map(([name, value]) => `${name}=${value}`).join("; ");
    const headers = { ...(cookie && !ask.anonymous && { cookie }), ...ask.headers };
    const wire = url.origin === publicBaseUrl ? new URL(url.pathname + url.search, instanceUrl) : url;
    const received = await send(wire, { ...ask, headers: { host: url.host, ...headers } });
    if (!ask.anonymous) keepCookies(jarOf(hostname), received.headers["set-cookie"] ?? []);
    const answer = { ...received, url: url.href };
    onAnswer(answer);
    return answer;
  };

  const navigate: Client["navigate"] = async (target, ask = {}) => {
    const headers = { accept: "text/html", "sec-fetch-mode": "navigate", ...ask.headers };
    const trail = [await fetch(target, { ...ask, headers })];
    for (;;) {
      const last = trail.at(-1);
      if (!last) throw new Error("unreachable");
      const { location } = last.headers;
      if (last.status < 300 || last.status >= 400 || !location) return { ...last, trail };
      if (trail.length > 20) throw new Error(`Too many redirects, at ${last.url}`);
      trail.push(await fetch(new URL(location, last.url).href, { headers: { accept: "text/html" } }));
    }
  };

  return { fetch, navigate, cookies: jarOf, setCookie: (host, name, value) => jarOf(host).set(name, value) };
}

async function send(url: URL, ask: Ask): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const path = ask.rawTarget ?? url.pathname + url.search;
    const options = { method: ask.method ?? "GET", headers: { ...ask.headers }, path };
    const outgoing = httpRequest(url, options, (incoming) => {
      const chunks: Buffer[] = [];
      incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
      incoming.on("error", reject);
      incoming.on("end", () => {
        const bytes = Buffer.concat(chunks);
        const body = bytes.toString("utf8");
        const json = () => JSON.parse(body) as Record<string, unknown>;
        resolve({ url: url.href, status: incoming.statusCode ?? 0, headers: incoming.headers, body, bytes, json });
      });
    });
    outgoing.on("error", reject);
    if (ask.body !== undefined) outgoing.setHeader("content-length", Buffer.byteLength(ask.body));
    outgoing.end(ask.body);
  });
}

function keepCookies(jar: Map<string, string>, headers: readonly string[]): void {
  for (const header of headers) {
    const [pair = "", ...attributes] = header.split(";").map((part) => part.trim());
    const at = pair.indexOf("=");
    const expired = attributes.some(
      (attribute) => /^max-age=0$/i.test(attribute) || /^expires=.* 1970 /i.test(attribute),
    );
    if (expired) jar.delete(pair.slice(0, at));
    else jar.set(pair.slice(0, at), pair.slice(at + 1));
  }
}
