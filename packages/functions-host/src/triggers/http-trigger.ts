import type { RequestListener } from "node:http";
import { createRouter, findOrderConflicts } from "../http/router.ts";
import { listenOnLoopback, type LoopbackServer } from "../listen.ts";
import { StartError } from "../start-error.ts";
import type { CallNow } from "./administration.ts";
import { compileHttpFunction, refuseDuplicate, type HttpFunction } from "./http-function.ts";
import { HttpSite } from "./http-site.ts";
import { createRunningCount } from "./running-count.ts";
import type { Trigger, TriggerContext } from "./trigger.ts";
import { createUnanswered } from "./unanswered.ts";

/** The HTTP trigger: a server on the loopback addresses that routes requests to functions. */
export interface HttpTrigger extends Trigger {
  readonly functions: readonly HttpFunction[];
  /** Known once started. */
  readonly port: number;
  /** Answers 500 to everything that is still running, because the process is about to end. Resolves when that is sent. */
  failRunning(): Promise<void>;
}

/** Makes the server: it listens, unless another process does. */
export type Listen = (port: number, listener: RequestListener) => Promise<LoopbackServer>;

/** @param callNow calls functions for the administrator */
export function createHttpTrigger(
  context: TriggerContext,
  wantedPort: number,
  callNow: CallNow,
  listen: Listen = listenOnLoopback,
): HttpTrigger {
  const functions: HttpFunction[] = [];
  const unanswered = createUnanswered();
  const running = createRunningCount();
  let server: LoopbackServer | undefined;

  return {
    bindingType: "httptrigger",
    functions,
    get port() {
      return server?.port ?? wantedPort;
    },
    add(registered) {
      const fn = compileHttpFunction(registered, context.hostJson.routePrefix);
      refuseDuplicate(fn, functions);
      functions.push(fn);
    },
    async start() {
      refuseShadowed(functions);
      reportMissingKeys(functions, context);
      const site = new HttpSite(context, createRouter(functions), running, callNow);
      server = await listen(wantedPort, (request, response) => {
        running.during(unanswered.during(response, site.serve(request, response)));
      });
    },
    failRunning: () => unanswered.fail(),
    async stop(graceMs) {
      running.stop();
      server?.stopAccepting();
      await running.idle(graceMs);
      await server?.close();
    },
  };
}

// Here, the more specific route wins; in Azure, the function whose name comes first. An app for which this makes a
// difference would break when deployed.
function refuseShadowed(functions: readonly HttpFunction[]): void {
  for (const { specific, shadowing } of findOrderConflicts(functions)) {
    throw new StartError(
      `function "${specific}": in Azure its requests would go to "${shadowing}", whose route also matches and whose ` +
        `name comes first (routes are tried in the order of the functions' names); rename one of them`,
    );
  }
}

function reportMissingKeys(functions: readonly HttpFunction[], { keys, log }: TriggerContext): void {
  for (const { name, authLevel } of functions) {
    if (authLevel === "anonymous" || keys.opens(authLevel, name)) continue;
    log.write("information", "Host.Startup", `function "${name}" asks for a key and none is set: it answers 401`);
  }
}
