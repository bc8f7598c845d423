import { startAppInstance } from "@entra-functions-bff/functions-host/instance";
import { buildBaseline } from "../baselines/build.ts";
import { identityWebProgram, type Contestant, type Entrants } from "../entrants.ts";
import type { IdentityWebBuild } from "../peers/identity-web.ts";
import { startProgram } from "../servers.ts";
import { spread, type Spread } from "../statistics.ts";
import type { Stage } from "../stage.ts";

type Starter = Extract<Contestant, "hello" | "app" | "identityWeb">;

/** Milliseconds from the start of the process to the first answer, on one CPU. */
export interface ColdStartFigures {
  readonly helloMs: Spread;
  /** A signed-in API call. */
  readonly appMs: Spread;
  /** Round by round. */
  readonly differenceMs: Spread;
  /** A signed-in API call; undefined if it was not built. */
  readonly identityWebMs: Spread | undefined;
}

export async function measureColdStart(
  stage: Stage,
  entrants: Entrants,
  identityWeb: IdentityWebBuild,
  rounds: number,
): Promise<ColdStartFigures> {
  const starts: Partial<Record<Starter, number>>[] = [];
  const hello = await buildBaseline("hello", stage.folder);
  const { PATH, HOME } = process.env;
  const host = (appFolder: string) => async () =>
    startAppInstance(
      stage.hosted({
        appFolder,
        port: 0,
        environment: { PATH, HOME, "AzureWebJobs.finish-sign-outs.Disabled": "true" },
      }),
    );
  for (let round = 0; round < rounds; round++) {
    const firstAnswer = async (name: Starter, start: () => Promise<Started>) => answerOf(entrants, name, start);
    starts.push({
      hello: await firstAnswer("hello", host(hello)),
      app: await firstAnswer("app", host(".")),
      ...("command" in identityWeb && {
        identityWeb: await firstAnswer("identityWeb", () => startIdentityWeb(stage, identityWeb.command)),
      }),
    });
  }
  const of = (name: Starter) => starts.map((start) => start[name] ?? NaN);
  return {
    helloMs: spread(of("hello")),
    appMs: spread(of("app")),
    differenceMs: spread(starts.map((start) => (start.app ?? NaN) - (start.hello ?? NaN))),
    identityWebMs: "command" in identityWeb ? spread(of("identityWeb")) : undefined,
  };
}

interface Started {
  readonly url: string;
  stop(): Promise<void>;
}

async function startIdentityWeb(stage: Stage, command: readonly string[]): Promise<Started> {
  const program = identityWebProgram(stage, command, "identityWeb");
  return startProgram({
    command: [...stage.cpus.prefix(1), ...program.command],
    environment: { ...stage.environment, ...program.environment },
  });
}

async function answerOf(entrants: Entrants, name: Starter, start: () => Promise<Started>): Promise<number> {
  const request = entrants.get(name)?.requests[0];
  if (!request) throw new Error(`${name} has no requests`);
  const startedAt = performance.now();
  const server = await start();
  const answer = await fetch(server.url + request.path, { headers: { ...request.headers } });
  await answer.arrayBuffer();
  const elapsed = performance.now() - startedAt;
  await server.stop();
  if (!answer.ok) throw new Error(`The first answer of ${name} was ${answer.status}`);
  return elapsed;
}
