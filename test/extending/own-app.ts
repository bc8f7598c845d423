/** An app with functions of its own, as an adopter writes it. */
import { bff, ProblemError, pagePolicy } from "entra-functions-bff";

const told: object[] = [];

const auth = bff({
  onSignedIn({ account, session, claims }) {
    told.push({ account, session, roles: claims.roles });
    if (claims.roles.length === 0) throw new Error("nobody has given them a role yet");
  },
  async onSignedOut({ account, sessions, isLast, origin }) {
    told.push({ account, sessions, isLast, origin });
  },
  name: "Contoso <Orders>",
  claims: ["email", "nowhere"],
  contentSecurityPolicy: { fontSrc: ["https://fonts.example"] },
});

auth.http("order", {
  route: "orders/{id}",
  methods: ["GET"],
  handler: async (request, session, { signal, invocation }) => {
    if (request.params["id"] === "0") throw new ProblemError("not_found", "There is no such order.");
    if (request.params["id"] === "broken") throw new Error("a secret of the inside");
    invocation.log("an order was asked for");
    return { jsonBody: { id: request.params["id"], session: Object.keys(session), aborted: signal.aborted } };
  },
});

auth.http("new-order", {
  route: "orders",
  methods: ["POST"],
  handler: async (request) => ({ status: 201, jsonBody: await request.json() }),
});

auth.http("order-form", {
  route: "order-form",
  methods: ["POST"],
  handler: async (request) => ({ jsonBody: Object.fromEntries(await request.formData()) }),
});

auth.http("order-effect", {
  route: "order-effect",
  methods: ["GET"],
  navigable: false,
  extendsSession: false,
  handler: () => ({
    headers: { "content-type": "text/html", "content-security-policy": pagePolicy() },
    body: "<h1>Order</h1>",
  }),
});

auth.http("approval", {
  route: "orders/{id}/approval",
  methods: ["POST"],
  roles: ["Orders.Approve", "Orders.All"],
  handler: (_request, { claims: { roles } }) => ({ jsonBody: { roles } }),
});

auth.http("permissions", {
  route: "permissions",
  methods: ["GET"],
  handler: (_request, { claims: { roles, groups, further } }) => ({ jsonBody: { roles, groups, further } }),
});

auth.http("order-page", {
  route: "order-page",
  methods: ["GET"],
  page: true,
  handler: (_request, _session, { nonce }) => ({
    headers: { "content-type": "text/html" },
    body: `<!doctype html><link rel="icon" href="data:," /><style nonce="${nonce}">h1 { color: rgb(1, 2, 3) }</style><h1>Orders</h1>`,
  }),
});

auth.http("invoice-page", {
  route: "invoice-page",
  methods: ["GET"],
  page: true,
  handler: async (_request, session) => {
    const answer = await session.fetch("graph", "me");
    return { headers: { "content-type": "text/html" }, body: `<h1>Invoices, ${answer.status}</h1>` };
  },
});

auth.http("told", { route: "told", methods: ["GET"], handler: () => ({ jsonBody: { told } }) });
