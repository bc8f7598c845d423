import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { strike } from "@entra-functions-bff/stand-in-kit/faults";
import { GraphError, insufficientPrivileges, notFound, notImplemented, sendError, sendJson } from "../graph/errors.ts";
import { readBody, select } from "../graph/request.ts";
import { deltaOf } from "./delta.ts";
import { createControls, notify, type UserDirectoryControls } from "./controls.ts";
import type { Delivery } from "./delivery.ts";
import { servePage } from "./page.ts";
import { createState, type State, type UserDirectoryOptions } from "./state.ts";
import { newSubscription, renewed, shown, type Subscription } from "./subscriptions.ts";
import type { User, Users } from "./users.ts";

export type { Delivery } from "./delivery.ts";
export type { Subscription } from "./subscriptions.ts";

/** The users of a tenant as Microsoft Graph shows them to an app, with change notifications and delta queries. */
export interface UserDirectory {
  /** Without a trailing slash and without the version; the API is under `/v1.0`. */
  readonly url: string;
  readonly users: ReadonlyMap<string, User>;
  readonly subscriptions: ReadonlyMap<string, Subscription>;
  /** Methods and decoded paths with the query. */
  readonly requests: string[];
  readonly deliveries: readonly Delivery[];
  readonly controls: UserDirectoryControls;
  /** Resolves when no notification is under way. */
  delivered(): Promise<void>;
  stop(): Promise<void>;
}

export async function startUserDirectory(options: UserDirectoryOptions): Promise<UserDirectory> {
  const state = createState(options);
  const controls = createControls(state);
  const server = createServer((request, response) => {
    const asPage = async () => servePage(state, controls, request, response).catch(() => response.destroy());
    void (request.url === "/" ? asPage() : handle(state, request, response));
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port, "127.0.0.1", resolve);
  });
  state.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  state.users.onChange = (change) => notify(state, change);
  return {
    url: state.url,
    users: state.users.all,
    subscriptions: state.subscriptions,
    requests: state.requests,
    deliveries: state.deliverer.deliveries,
    controls,
    delivered: async () => state.deliverer.settled(),
    async stop() {
      state.deliverer.stop();
      state.gates.releaseAll();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

async function handle(state: State, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const asked = `${request.method ?? ""} ${decodeURIComponent(request.url ?? "/")}`;
  state.requests.push(asked);
  try {
    await state.gates.pass((match) => match.test(asked));
    const fault = state.faults.take((match) => match.test(asked));
    if (fault !== undefined && (await strike(fault, request, response))) return;
    await checkToken(state, request);
    const { status, body } = await serve(state, request);
    if (body === undefined) response.writeHead(status).end();
    else sendJson(response, status, body);
  } catch (error) {
    if (!(error instanceof GraphError)) console.error("Local user directory:", error);
    sendError(response, error instanceof GraphError ? error : new GraphError(500, "InternalServerError", "Failed."));
  }
}

async function checkToken({ rolesIn }: State, { headers }: IncomingMessage): Promise<void> {
  const token = /^Bearer (\S+)$/i.exec(headers.authorization ?? "")?.[1];
  const roles = token === undefined ? undefined : await rolesIn(token);
  if (!roles) throw new GraphError(401, "InvalidAuthenticationToken", "Access token validation failure.");
  if (!roles.includes("User.Read.All")) throw insufficientPrivileges;
}

async function serve(state: State, request: IncomingMessage): Promise<{ status: number; body?: object }> {
  const { pathname, searchParams } = new URL(request.url ?? "/", "http://127.0.0.1");
  const [collection = "", id = "", ...more] = pathname.replace("/v1.0/", "").split("/");
  const { subscriptions, users } = state;
  switch (`${request.method} ${collection}${id && "/{id}"}${more.length > 0 ? "/…" : ""}`) {
    case "GET users/{id}":
      if (id === "delta") return { status: 200, body: deltaOf(users, searchParams, deltaOptions(state)) };
      return { status: 200, body: userOf(users, id, searchParams) };
    case "GET subscriptions":
      return { status: 200, body: { value: [...subscriptions.values()].map(shown) } };
    case "POST subscriptions": {
      const made = await newSubscription(await readBody(request));
      subscriptions.set(made.id, made);
      return { status: 201, body: { ...made } };
    }
    case "PATCH subscriptions/{id}":
      return { status: 200, body: shown(renewed(subscriptions, id, await readBody(request))) };
    case "DELETE subscriptions/{id}":
      if (!subscriptions.delete(id)) throw notFound(id);
      return { status: 204 };
    default:
      throw notImplemented(`${request.method} ${pathname}`);
  }
}

function userOf({ all }: Users, id: string, query: URLSearchParams): object {
  const user = all.get(id);
  if (!user) throw notFound(id);
  return select(user, query.get("$select")?.split(","), "user");
}

function deltaOptions({ url, pageSize, deltaValidFrom: validFrom }: State) {
  return { url, pageSize, validFrom };
}
