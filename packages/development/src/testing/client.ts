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
  /**
   * A person's navigation, as a click on a page of the app: follows redirects, and forms that a page sends by itself, to the
   * end. Every answer on the way is in `trail`.
   */
  navigate(target: string, ask?: Ask): Promise<Answer & { readonly trail: readonly Answer[] }>;
  /** `name=value` pairs kept for a host. */
  cookies(host: string): ReadonlyMap<string, string>;
  setCookie(host: string, name: string, value: string): void;
  /** What the browser does by itself after `answer`, one step. @throws {Error} when it stays where it is */
  goOn(answer: Answer): Promise<Answer>;
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
    const isOwn = new URL(target, publicBaseUrl).origin === publicBaseUrl;
    const site = { "sec-fetch-site": isOwn ? "same-origin" : "cross-site" };
    let last = await fetch(target, { ...ask, headers: { ...asNavigation, ...site, ...ask.headers } });
    const trail = [last];
    for (let step = nextStep(last); step; step = nextStep(last)) {
      if (trail.length > 20) throw new Error(`Too many redirects, at ${last.url}`);
      // Once a chain of redirects has been at another site, it stays foreign.
      if (new URL(step.url).origin !== new URL(last.url).origin) site["sec-fetch-site"] = "cross-site";
      last = await fetch(step.url, { ...step.ask, headers: { ...asNavigation, ...site, ...step.ask.headers } });
      trail.push(last);
    }
    return { ...last, trail };
  };

  const goOn: Client["goOn"] = async (answer) => {
    const step = nextStep(answer);
    if (!step) throw new Error(`Stuck at ${answer.url} with ${answer.status}: ${answer.body}`);
    const site = { "sec-fetch-site": "cross-site" };
    return fetch(step.url, { ...step.ask, headers: { ...asNavigation, ...site, ...step.ask.headers } });
  };

  return { fetch, navigate, goOn, cookies: jarOf, setCookie: (host, name, value) => jarOf(host).set(name, value) };
}

const asNavigation = { accept: "text/html", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document" } as const;

/** Where a browser goes by itself after `answer`: a redirect, a form that a script sends, a refresh at once. */
function nextStep(answer: Answer): { readonly url: string; readonly ask: Ask } | undefined {
  const { status, headers, url } = answer;
  if (status >= 300 && status < 400 && headers.location) return { url: new URL(headers.location, url).href, ask: {} };
  const refresh = /<meta http-equiv="refresh" content="0;url=([^"]*)"/.exec(answer.body)?.[1];
  if (refresh !== undefined) return { url: new URL(unescape(refresh), url).href, ask: {} };
  return postedForm(answer);
}

/** The answer to a sign-in as a form (OAuth 2.0 Form Post Response Mode). Lax cookies do not go along across sites. */
function postedForm({ status, body, url }: Answer): { readonly url: string; readonly ask: Ask } | undefined {
  const action = /<form method="post" action="([^"]*)">/.exec(body)?.[1];
  if (status !== 200 || action === undefined || !body.includes("document.forms[0].submit();")) return undefined;
  const fields = [...body.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)"/g)];
  const form = new URLSearchParams();
  for (const [, name = "", value = ""] of fields) form.append(name, unescape(value));
  const headers = { "content-type": "application/x-www-form-urlencoded", origin: new URL(url).origin };
  return { url: unescape(action), ask: { method: "POST", headers, body: form.toString(), anonymous: true } };
}

function unescape(text: string): string {
  const entities: Readonly<Record<string, string>> = { lt: "<", gt: ">", quot: '"', "#39": "'", amp: "&" };
  return text.replaceAll(/&(lt|gt|quot|#39|amp);/g, (_all, name: string) => entities[name] ?? "");
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
