import { readForm } from "../shared/http/form.ts";
import type { FunctionDefinition } from "../shared/pipeline/handler.ts";
import { queryOfForm } from "../shared/sign-in/authorization-response.ts";

/** Bytes. A code of 8 KiB and an error's description fit in. */
const maxFormBytes = 32 * 1024;

/**
 * `POST /auth/callback`: the redirect URI, to which the identity provider's page posts its answer. The form comes from another
 * site, so the browser has sent no cookie, and nothing is decided here. The browser goes on to `GET /auth/callback`, with its
 * cookies.
 */
export const callbackForm: FunctionDefinition = {
  name: "callback-form",
  route: "auth/callback",
  methods: ["POST"],
  isStep: true,
  async handler(request, { site }) {
    const query = queryOfForm(await readForm(request, maxFormBytes));
    return { status: 303, headers: { location: `${site.basePath}/auth/callback?${query}` } };
  },
};
