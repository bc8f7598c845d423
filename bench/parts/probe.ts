import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/**
 * What the probe reports about its process. CPU in milliseconds, of all threads; memory in bytes; delay in
 * milliseconds.
 */
export interface Reading {
  readonly cpuMs: number;
  readonly residentBytes: number;
  /** The most that it has been. */
  readonly peakResidentBytes: number;
  readonly heapBytes: number;
  readonly eventLoopDelayP99Ms: number;
}

/** Loaded into an app's process with `--import`; idle unless asked. `/collect` collects garbage first. */
setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;
const delay = monitorEventLoopDelay({ resolution: 10 });
delay.enable();

const server = createServer((request, response) => {
  if (request.url === "/collect") collect();
  const { user, system } = process.cpuUsage();
  const { rss, heapUsed } = process.memoryUsage();
  const reading: Reading = {
    cpuMs: (user + system) / 1000,
    residentBytes: rss,
    peakResidentBytes: process.resourceUsage().maxRSS * 1024,
    heapBytes: heapUsed,
    eventLoopDelayP99Ms: Math.max(0, delay.percentile(99) / 1e6 - 10),
  };
  delay.reset();
  response.end(JSON.stringify(reading));
});
server.listen(0, "127.0.0.1", () => console.log(`probe ${(server.address() as AddressInfo).port}`));
server.unref();
