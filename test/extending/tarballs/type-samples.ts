/** A page's script, with the module for browsers. */
export const page = `import { me, onSignedOut, type SignedOut } from "entra-functions-bff/client";

export const who: Promise<{ readonly account: { readonly name: string } } | undefined> = me();
onSignedOut(({ reason }: SignedOut) => void (document.title = reason));
`;

/** Everything that `bff()` and its functions take. */
export const options = `import { bff, pagePolicy, type BffOptions, type ContentPolicy, type OwnFunction, type SignedOutAccount } from "entra-functions-bff";

const contentSecurityPolicy: ContentPolicy = { fontSrc: ["https://fonts.example"] };
const open = new Map<string, string>();
const options: BffOptions = {
  name: "Orders",
  claims: ["email"],
  contentSecurityPolicy,
  onSignedIn: ({ account, session, claims }) => void open.set(session, account + claims.tenantId),
  onSignedOut: async ({ sessions, origin }: SignedOutAccount) => {
    if (origin !== "replaced") for (const session of sessions) open.delete(session);
  },
};
const orders: OwnFunction = {
  route: "orders",
  methods: ["GET"],
  page: true,
  handler: (_request, { claims }, { nonce, signal }) => {
    signal.throwIfAborted();
    const body = \`<script nonce="\${nonce}">alert(\${claims.roles.length})</script>\`;
    return { headers: { "content-security-policy": pagePolicy(contentSecurityPolicy, nonce) }, body };
  },
};
bff(options).http("orders", orders);
`;

/** What a compiler has to refuse. */
export const mistakes = `import { bff, english, german, type Texts } from "entra-functions-bff";

const swiss: Texts = { ...german, language: "de-CH", links: { ...german.links, home: "Zur Startseite" } };
const auth = bff({ languages: [swiss, english] });
// @ts-expect-error: a page has some language
bff({ languages: [] });
// @ts-expect-error: a language has all texts
bff({ languages: [{ language: "fr", reference: "Référence" }] });
// @ts-expect-error: there is no such option
bff({ title: "Orders" });
// @ts-expect-error: the directive has another name
bff({ contentSecurityPolicy: { fonts: ["https://fonts.example"] } });
// @ts-expect-error: a hook is told nothing of tokens
bff({ onSignedOut: ({ tokens }) => tokens });
// @ts-expect-error: nothing of the inside is public
auth.http("order", { route: "order", methods: ["GET"], handler: (_request, session) => ({ jsonBody: session.resolved }) });
`;
