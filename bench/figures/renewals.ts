import { createClient } from "../../test/support/http-client.ts";
import { apiCalls, appLoginPath, cookieHeader } from "../sessions.ts";
import type { MeasuredServer } from "../servers.ts";
import type { Stage } from "../stage.ts";

/** What happens when many calls of one session come at once with an expired access token. */
export interface RenewalFigures {
  readonly instances: number;
  readonly calls: number;
  readonly tokenRequests: number;
  /** Writes that were not refused as conflicts. */
  readonly writes: number;
}

export async function measureRenewals(
  stage: Stage,
  instances: readonly MeasuredServer[],
  calls: number,
): Promise<RenewalFigures> {
  const { identity, cosmos } = stage;
  const [first] = instances;
  if (!first) throw new Error("No instance");
  await identity.call.setAccessTokenLifetime(60);
  const client = createClient(first.url);
  await client.navigate(appLoginPath("person1@contoso.example"));
  await identity.call.setAccessTokenLifetime(3600);
  await Promise.all(instances.map(({ url }) => fetch(`${url}/healthz`)));
  await cosmos.call.clearOperations();
  await identity.call.clearTokenRequests();
  await Promise.all(
    instances.map(({ url }, index) => {
      const share = Math.ceil((calls - index) / instances.length);
      return stage.load({ origin: url, connections: share, count: share, requests: apiCalls([cookieHeader(client)]) });
    }),
  );
  const operations = await cosmos.call.operations();
  return {
    instances: instances.length,
    calls,
    tokenRequests: await identity.call.countTokenRequests(),
    writes: operations.filter(({ kind, status }) => kind !== "read" && status < 400).length,
  };
}
