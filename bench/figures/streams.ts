import type { Client } from "../../test/support/http-client.ts";
import type { LoadRequest } from "../parts/load.ts";
import { startPart } from "../parts/part.ts";
import { totalOf } from "../parts/reading.ts";
import type { StreamApiMethods } from "../parts/stream-api.ts";
import type { MeasuredServer } from "../servers.ts";
import { accountKeyIn, cookieHeader } from "../sessions.ts";
import type { Stage } from "../stage.ts";
import { spread, type Spread } from "../statistics.ts";

/** An API's answers as streams: through the app, and through a function that hands on what `fetch` gives. */
export interface StreamFigures {
  readonly megabytes: number;
  readonly app: StreamSpeed;
  readonly bare: StreamSpeed;
  /** The app's relative to the bare stream's in the same round. */
  readonly firstByteOfBare: Spread;
  readonly throughputOfBare: Spread;
  readonly memory: StreamMemory;
  readonly storeOperations: number;
}

export interface StreamSpeed {
  readonly firstByteMs: Spread;
  /** One answer at a time. */
  readonly megabytesPerSecond: Spread;
}

/** Most memory that the app's process has taken, with several answers under way at once. */
export interface StreamMemory {
  readonly atOnce: number;
  /** Before any of them. */
  readonly idleBytes: number;
  /** Answers of a tenth of the size. */
  readonly smallerBytes: number;
  readonly bytes: number;
}

const megabyte = 1_000_000;
const atOnce = 4;

interface Entrant {
  readonly server: MeasuredServer;
  /** For an answer of so many bytes. */
  readonly request: (bytes: number) => LoadRequest;
}

export async function measureStreams(
  stage: Stage,
  template: Client,
  { rounds, megabytes }: { readonly rounds: number; readonly megabytes: number },
): Promise<StreamFigures> {
  const api = await startPart<StreamApiMethods>("stream-api.ts");
  try {
    const { app, bare } = await enter(stage, template, await api.call.url());
    const size = megabytes * megabyte;
    const storeOperations = await countOperations(stage, app);
    const memory = await measureStreamMemory(stage, app, size);
    const measured: { app: Round; bare: Round }[] = [];
    for (let round = 0; round < rounds; round++)
      measured.push({ app: await measureRound(stage, app, size), bare: await measureRound(stage, bare, size) });
    await Promise.all([app, bare].map(({ server }) => server.stop()));
    return { megabytes, ...summarize(measured), memory, storeOperations };
  } finally {
    await api.stop();
  }
}

async function enter(stage: Stage, template: Client, url: string): Promise<{ app: Entrant; bare: Entrant }> {
  const settings = {
    Http__Streaming: "true",
    DownstreamApis__streams__BaseUrl: url,
    DownstreamApis__streams__Scopes: "User.Read",
  };
  const headers = { cookie: cookieHeader(template) };
  const key = accountKeyIn(template);
  return {
    app: {
      server: await stage.startApp({ port: 0, environment: settings }),
      request: (bytes) => ({ path: `/api/streams/${bytes}`, headers }),
    },
    bare: {
      server: await stage.startBaseline("bare-stream", settings),
      request: (bytes) => ({ path: `/bare/${key}/${bytes}` }),
    },
  };
}

async function load(stage: Stage, { server, request }: Entrant, bytes: number, count: number, connections = 1) {
  return stage.load({ origin: server.url, connections, count, requests: [request(bytes)] });
}

async function countOperations(stage: Stage, app: Entrant): Promise<number> {
  await load(stage, app, 1, 1);
  await stage.cosmos.call.clearOperations();
  await load(stage, app, 1, 1);
  return (await stage.cosmos.call.operations()).length;
}

async function measureStreamMemory(stage: Stage, app: Entrant, size: number): Promise<StreamMemory> {
  await load(stage, app, 1, 200, atOnce);
  const idleBytes = totalOf(await app.server.read({ collect: true }), "residentBytes");
  await load(stage, app, size / 10, 2 * atOnce, atOnce);
  const smallerBytes = totalOf(await app.server.read(), "peakResidentBytes");
  await load(stage, app, size, atOnce, atOnce);
  const bytes = totalOf(await app.server.read(), "peakResidentBytes");
  return { atOnce, idleBytes, smallerBytes, bytes };
}

interface Round {
  readonly firstByteMs: number;
  readonly megabytesPerSecond: number;
}

async function measureRound(stage: Stage, entrant: Entrant, size: number): Promise<Round> {
  const { firstByteP50 } = await load(stage, entrant, 1, 50);
  const { bytesPerSecond } = await load(stage, entrant, size, 1);
  return { firstByteMs: firstByteP50, megabytesPerSecond: bytesPerSecond / megabyte };
}

function summarize(rounds: readonly { readonly app: Round; readonly bare: Round }[]) {
  const speedOf = (name: "app" | "bare"): StreamSpeed => ({
    firstByteMs: spread(rounds.map((round) => round[name].firstByteMs)),
    megabytesPerSecond: spread(rounds.map((round) => round[name].megabytesPerSecond)),
  });
  return {
    app: speedOf("app"),
    bare: speedOf("bare"),
    firstByteOfBare: spread(rounds.map(({ app, bare }) => app.firstByteMs / bare.firstByteMs)),
    throughputOfBare: spread(rounds.map(({ app, bare }) => app.megabytesPerSecond / bare.megabytesPerSecond)),
  };
}
