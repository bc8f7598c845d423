import type { Client } from "../../test/support/http-client.ts";
import { totalOf } from "../parts/reading.ts";
import { apiCalls, seedSessions } from "../sessions.ts";
import type { MeasuredServer } from "../servers.ts";
import type { Stage } from "../stage.ts";

/** Memory of the app's process after this many API calls, after a garbage collection. */
export interface MemoryReading {
  readonly calls: number;
  readonly residentBytes: number;
  readonly heapBytes: number;
}

export interface MemoryFigures {
  readonly sessions: number;
  readonly readings: readonly MemoryReading[];
}

const slices = 10;

export async function measureMemory(
  stage: Stage,
  app: MeasuredServer,
  template: Client,
  { sessions, calls }: { sessions: number; calls: number },
): Promise<MemoryFigures> {
  const requests = apiCalls((await seedSessions(stage, template, sessions)).map(({ cookie }) => cookie));
  const readings: MemoryReading[] = [];
  for (let slice = 1; slice <= slices; slice++) {
    const count = calls / slices;
    const from = ((slice - 1) * count) % requests.length;
    const turned = [...requests.slice(from), ...requests.slice(0, from)];
    await stage.load({ origin: app.url, connections: 16, count, requests: turned });
    const all = await app.read({ collect: true });
    readings.push({
      calls: slice * count,
      residentBytes: totalOf(all, "residentBytes"),
      heapBytes: totalOf(all, "heapBytes"),
    });
    await stage.identity.call.clearApiRequests();
    await stage.cosmos.call.clearOperations();
  }
  return { sessions, readings };
}
