import { askedReturnUrl, askingForAccount, parseSignInOptions } from "../shared/sign-in/authorization-request.ts";
import { refuseUnallowedExtras } from "../shared/sign-in/extras.ts";
import { authorizationUrl } from "../shared/sign-in/authorization-url.ts";
import { beginTransaction } from "../shared/sign-in/transaction.ts";
import { newTransaction } from "../shared/sign-in/new-transaction.ts";
import type { FunctionDefinition } from "../shared/pipeline/handler.ts";
import { requireNavigation } from "../shared/http/fetch-metadata.ts";
import { safeReturnUrl } from "../shared/http/return-url.ts";
import { hasSessionEnded } from "../shared/session/cookie.ts";

/** `GET /auth/login`: begins a sign-in and sends the browser to the identity provider. */
export const login: FunctionDefinition = {
  name: "login",
  route: "auth/login",
  methods: ["GET"],
  isStep: true,
  async handler(request, { app, cookies, signal, setDestination }) {
    const { configuration, authority } = app;
    const { searchParams: query } = new URL(request.url);
    requireNavigation(request);
    const returnUrl = safeReturnUrl(askedReturnUrl(query), configuration.publicBaseUrl);
    setDestination(returnUrl, "signIn");
    const asked = parseSignInOptions(query);
    refuseUnallowedExtras(asked, request, configuration);
    const options = hasSessionEnded(cookies) ? askingForAccount(asked) : asked;
    // A sign-out from now on must count against this sign-in, whichever instance sees it.
    await app.learnTime();
    const transaction = newTransaction(returnUrl, options.prompt === "none", app.clock, options.maxAge, options);
    const location = await authorizationUrl(authority, configuration, transaction, options, signal);
    beginTransaction(cookies, transaction);
    return { status: 302, headers: { location } };
  },
};
