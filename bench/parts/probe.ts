import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { Reading } from "./reading.ts";

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
    atMs: performance.now(),
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
