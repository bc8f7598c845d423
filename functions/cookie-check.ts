import type { HttpResponseInit } from "@azure/functions";
import { ProblemError } from "../shared/core/errors.ts";
import type { FunctionDefinition, RequestContext } from "../shared/pipeline/handler.ts";
import { refusePrefetch } from "../shared/http/fetch-metadata.ts";
import { unknownSignIn } from "../shared/sign-in/transaction.ts";

const cookieName = "cookie-check";

/** Finds out whether the browser keeps cookies: sets one, and sends the browser to where the cookie should come back. */
export function checkCookies({ cookies, site }: RequestContext): HttpResponseInit {
  cookies.set(cookieName, "1", 60);
  return { status: 302, headers: { location: `${site.basePath}/auth/cookie-check` } };
}

/** `GET /auth/cookie-check`: distinguishes blocked cookies from an unknown sign-in, if the callback got no cookie at all. */
export const cookieCheck: FunctionDefinition = {
  name: "cookie-check",
  route: "auth/cookie-check",
  methods: ["GET"],
  isStep: true,
  async handler(request, { cookies }) {
    refusePrefetch(request);
    if (cookies.read(cookieName) === undefined) {
      throw new ProblemError("cookies_blocked", "The browser does not keep this app's cookies.");
    }
    cookies.clear(cookieName);
    throw unknownSignIn();
  },
};
