import { createHistogram } from "node:perf_hooks";
import { Client } from "undici";
import { serve } from "./part.ts";

export interface LoadRequest {
  readonly method?: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface LoadPlan {
  readonly origin: string;
  readonly connections: number;
  /** Sent in turn, over any free connection; starts again when all have been sent. */
  readonly requests: readonly LoadRequest[];
  /** Ends when either is reached. */
  readonly durationMs?: number;
  readonly count?: number;
}

/** Times in milliseconds. */
export interface LoadResult {
  readonly answered: number;
  /** Answers that were not a success, by status; 0 for none at all. */
  readonly failures: Readonly<Record<string, number>>;
  readonly elapsedMs: number;
  readonly perSecond: number;
  readonly bytesPerSecond: number;
  /** To the head of an answer, which comes with its first bytes. */
  readonly firstByteP50: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/** Keeps `connections` requests under way, one on each connection, with keep-alive. */
async function run({ origin, connections, requests, durationMs, count = Infinity }: LoadPlan): Promise<LoadResult> {
  const histogram = createHistogram();
  const firstBytes = createHistogram();
  let received = 0;
  const failures: Record<string, number> = {};
  const startedAt = performance.now();
  const endsAt = durationMs === undefined ? Infinity : startedAt + durationMs;
  let sent = 0;
  const worker = async () => {
    const client = new Client(origin, { pipelining: 1, headersTimeout: 60_000, bodyTimeout: 60_000 });
    while (sent < count && performance.now() < endsAt) {
      const request = requests[sent++ % requests.length];
      if (!request) throw new Error("A plan without requests");
      const sentAt = performance.now();
      const status = await send(client, request, {
        onHead: () => firstBytes.record(microseconds(sentAt)),
        onData: (bytes) => (received += bytes),
      });
      histogram.record(microseconds(sentAt));
      if (status < 200 || status >= 400) failures[status] = (failures[status] ?? 0) + 1;
    }
    await client.close();
  };
  await Promise.all(Array.from({ length: connections }, worker));
  const elapsedMs = performance.now() - startedAt;
  return {
    answered: histogram.count,
    failures,
    elapsedMs,
    perSecond: (histogram.count / elapsedMs) * 1000,
    bytesPerSecond: (received / elapsedMs) * 1000,
    firstByteP50: firstBytes.percentile(50) / 1000,
    p50: histogram.percentile(50) / 1000,
    p99: histogram.percentile(99) / 1000,
    max: histogram.max / 1000,
  };
}

interface Receiver {
  readonly onHead: () => void;
  readonly onData: (bytes: number) => void;
}

async function send(
  client: Client,
  { method = "GET", path, headers }: LoadRequest,
  { onHead, onData }: Receiver,
): Promise<number> {
  return new Promise((resolve) => {
    let status = 0;
    client.dispatch(
      { method, path, ...(headers && { headers: { ...headers } }) },
      {
        onRequestStart: () => undefined,
        onResponseStart(_, statusCode) {
          status = statusCode;
          onHead();
        },
        onResponseData: (_, data) => onData(data.length),
        onResponseEnd: () => resolve(status),
        onResponseError: () => resolve(0),
      },
    );
  });
}

function microseconds(since: number): number {
  return Math.max(1, Math.round((performance.now() - since) * 1000));
}

const methods = { run };
export type LoadMethods = typeof methods;
serve(methods);
