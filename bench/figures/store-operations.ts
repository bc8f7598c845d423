import type { Operation } from "@entra-functions-bff/cosmos-endpoint";
import { notBeforeId } from "../../shared/account/not-before.ts";
import { createClient, type Client } from "../../test/support/http-client.ts";
import { appLoginPath } from "../sessions.ts";
import type { MeasuredServer } from "../servers.ts";
import type { Stage } from "../stage.ts";

/** What one action of a person costs at the store and at the token endpoint. */
export interface Cost {
  readonly action: string;
  /** Such as `read accounts`, in order. */
  readonly operations: readonly string[];
  readonly writes: number;
  readonly requestUnits: number;
  /** The part of it that reads cost. */
  readonly readUnits: number;
  readonly tokenRequests: number;
}

const username = "person0@contoso.example";

/** Counted at the store, one action after the other. */
export async function countStoreOperations(stage: Stage, app: MeasuredServer): Promise<readonly Cost[]> {
  const count = async (action: string, act: () => Promise<unknown>) => counted(stage, action, act);
  const signIn = async (lifetimeSeconds = 3600): Promise<Client> => {
    await stage.identity.call.setAccessTokenLifetime(lifetimeSeconds);
    const client = createClient(app.url);
    await client.navigate(appLoginPath(username));
    await stage.identity.call.setAccessTokenLifetime(3600);
    return client;
  };

  let client = await signIn();
  await call(client);
  const costs = [await count("API call", () => call(client))];
  const second = await signIn(60);
  costs.push(await count("API call with an expired access token", () => call(second)));
  costs.push(await count("who is signed in", () => expect(client.fetch("/auth/me"), 200)));
  costs.push(await count("sign-out in the app", () => postLogout(stage, client)));
  costs.push(
    await count("sign-in, the account's first", async () => {
      client = await signIn();
    }),
  );
  costs.push(await count("sign-in in another browser", () => signIn()));
  const sid = await latestSid(stage);
  const frame = `/auth/frontchannel-logout?sid=${encodeURIComponent(sid)}`;
  costs.push(await count("sign-out at the identity provider", () => expect(client.fetch(frame), 200)));
  return costs;
}

async function call(client: Client): Promise<void> {
  return expect(client.fetch("/api/graph/me"), 200);
}

async function counted({ cosmos, identity }: Stage, action: string, act: () => Promise<unknown>): Promise<Cost> {
  await cosmos.call.clearOperations();
  await identity.call.clearTokenRequests();
  await act();
  // An instance reads from when on sessions count every few seconds, whoever comes: that is no action's.
  const all = (await cosmos.call.operations()).filter(({ id }) => id !== notBeforeId);
  return {
    action,
    operations: all.map(({ kind, container }) => `${kind} ${container}`),
    writes: all.filter(({ kind }) => kind !== "read").length,
    requestUnits: unitsOf(all),
    readUnits: unitsOf(all.filter(({ kind }) => kind === "read")),
    tokenRequests: await identity.call.countTokenRequests(),
  };
}

function unitsOf(operations: readonly Operation[]): number {
  return operations.reduce((sum, { requestCharge }) => sum + requestCharge, 0);
}

async function expect(answer: ReturnType<Client["fetch"]>, status: number): Promise<void> {
  const { status: got, body } = await answer;
  if (got !== status) throw new Error(`${got} instead of ${status}: ${body}`);
}

export function logoutHeaders(stage: Stage): Record<string, string> {
  return { origin: stage.publicBaseUrl, "sec-fetch-site": "same-origin", accept: "application/json" };
}

async function postLogout(stage: Stage, client: Client): Promise<void> {
  await expect(client.fetch("/auth/logout", { method: "POST", headers: logoutHeaders(stage) }), 200);
}

/** The `sid` in the ID token issued last. */
async function latestSid(stage: Stage): Promise<string> {
  const sids = (await stage.identity.call.issuedTokens()).flatMap((token) => {
    const payload = Buffer.from(token.split(".")[1] ?? "", "base64url").toString("utf8");
    return /"sid":"([^"]+)"/.exec(payload)?.[1] ?? [];
  });
  return sids.at(-1) ?? "";
}
