import { startAppInstance } from "@entra-functions-bff/functions-host/instance";
import { buildBaseline, type Environment } from "../servers.ts";
import { spread, type Spread } from "../statistics.ts";
import type { Stage } from "../stage.ts";

/** Milliseconds from the start of the process to the first answer. */
export interface ColdStartFigures {
  readonly helloMs: Spread;
  /** A signed-in API call. */
  readonly appMs: Spread;
  /** Round by round. */
  readonly differenceMs: Spread;
}

export async function measureColdStart(stage: Stage, cookie: string, rounds: number): Promise<ColdStartFigures> {
  const hello = await buildBaseline("hello", stage.folder);
  const environment = { ...stage.environment, "AzureWebJobs.finish-sign-outs.Disabled": "true" };
  const starts: { hello: number; app: number }[] = [];
  for (let round = 0; round < rounds; round++) {
    starts.push({
      hello: await firstAnswer(hello, environment, "/hello", {}),
      app: await firstAnswer(".", environment, "/api/graph/me", { cookie }),
    });
  }
  return {
    helloMs: spread(starts.map((start) => start.hello)),
    appMs: spread(starts.map((start) => start.app)),
    differenceMs: spread(starts.map((start) => start.app - start.hello)),
  };
}

async function firstAnswer(
  appFolder: string,
  environment: Environment,
  path: string,
  headers: Record<string, string>,
): Promise<number> {
  const { PATH, HOME } = process.env;
  const startedAt = performance.now();
  const instance = await startAppInstance({ appFolder, port: 0, environment: { PATH, HOME, ...environment } });
  const answer = await fetch(instance.url + path, { headers });
  await answer.arrayBuffer();
  const elapsed = performance.now() - startedAt;
  await instance.stop();
  if (!answer.ok) throw new Error(`The first answer was ${answer.status}`);
  return elapsed;
}
