import type { Client } from "../../test/support/http-client.ts";
import type { LoadRequest } from "../parts/load.ts";
import { seedSessions, type SignedIn } from "../sessions.ts";
import type { MeasuredServer } from "../servers.ts";
import type { Stage } from "../stage.ts";
import { logoutHeaders } from "./store-operations.ts";

/** Latency of sign-outs in the app, one after the other, with this many accounts in the store. */
export interface SignOutLatency {
  readonly accounts: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

export async function measureSignOutLatency(
  stage: Stage,
  app: MeasuredServer,
  template: Client,
  { accounts, signOuts }: { accounts: readonly number[]; signOuts: number },
): Promise<readonly SignOutLatency[]> {
  const latencies: SignOutLatency[] = [];
  let filled = 0;
  for (const count of accounts) {
    await stage.cosmos.call.fill("accounts", count - filled);
    filled = count;
    const logout = (signedIn: SignedIn): LoadRequest => ({
      method: "POST",
      path: "/auth/logout",
      headers: { cookie: signedIn.cookie, ...logoutHeaders(stage) },
    });
    const run = async (times: number) => {
      const requests = (await seedSessions(stage, template, times)).map(logout);
      return stage.load({ origin: app.url, connections: 1, count: requests.length, requests });
    };
    // The endpoint was restarted to fill it, so the first sign-outs pay for new connections.
    await run(10);
    const { p50, p99 } = await run(signOuts);
    latencies.push({ accounts: count, p50Ms: p50, p99Ms: p99 });
  }
  return latencies;
}

/** Front-channel sign-outs of different accounts, all at once. */
export interface BurstFigures {
  readonly signOuts: number;
  readonly deleted: number;
  readonly elapsedMs: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

export async function measureBurst(
  stage: Stage,
  app: MeasuredServer,
  template: Client,
  signOuts: number,
): Promise<BurstFigures> {
  const sessions = await seedSessions(stage, template, signOuts);
  const requests = sessions.map(({ sid }) => ({ path: `/auth/frontchannel-logout?sid=${sid}` }));
  await stage.cosmos.call.clearOperations();
  // Counted is what the store has deleted, whatever the answers say.
  const plan = { origin: app.url, connections: signOuts, count: signOuts, requests };
  const result = await stage.load(plan, { mayFail: true });
  const deletions = (await stage.cosmos.call.operations()).filter(
    ({ kind, container, status }) => kind === "delete" && container === "accounts" && status === 204,
  );
  const deleted = new Set(deletions.map(({ id }) => id));
  return {
    signOuts,
    deleted: sessions.filter(({ accountKey }) => deleted.has(accountKey)).length,
    elapsedMs: result.elapsedMs,
    p50Ms: result.p50,
    p99Ms: result.p99,
  };
}
