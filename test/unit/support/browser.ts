import type { Cookie } from "@azure/functions";
import { cookieJar, type CookieJar } from "../../../shared/http/cookie-jar.ts";

export const firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0";
export const safari =
  "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/605.1.15";

/** A browser that keeps the cookies it is given; each request of it gets a jar of its own. */
export interface Browser {
  readonly cookies: ReadonlyMap<string, string>;
  /** A request of this browser; `receive` its jar when it has been answered. */
  request(): CookieJar;
  receive(jar: CookieJar): void;
  readonly header: string;
}

export function browser(publicBaseUrl = "https://app.example", userAgent = firefox, cookieName = "session"): Browser {
  const cookies = new Map<string, string>();
  const keep = ({ name, value, maxAge }: Cookie) => (maxAge === 0 ? cookies.delete(name) : cookies.set(name, value));
  return {
    cookies,
    get header() {
      return [...cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    },
    request() {
      return cookieJar(new Headers({ cookie: this.header, "user-agent": userAgent }), {
        publicBaseUrl,
        session: { cookieName },
      });
    },
    receive(jar) {
      for (const change of jar.changes) keep(change);
    },
  };
}
