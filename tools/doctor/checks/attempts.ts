import { readFile } from "node:fs/promises";
import { isRecord } from "../../../shared/core/encoding.ts";
import { formerMaxAttempts, settings } from "../../../shared/configuration/settings.ts";
import { failed, warning, type Finding } from "../finding.ts";

/** With fewer, the timer gives a sign-out up within an hour. */
const fewest = 12;

/** Whether sign-outs that wait are tried often enough to outlive an outage. */
export function checkAttempts(maxAttempts: number): Finding[] {
  const name = "Settings: sign-outs";
  if (maxAttempts >= fewest) return [];
  const toDo = `Set ${settings.signOutMaxAttempts.name} to ${settings.signOutMaxAttempts.default}, the default`;
  if (maxAttempts === 1) return [failed(name, "a sign-out that waits is given up after one attempt", toDo)];
  return [warning(name, `a sign-out that waits is given up after ${maxAttempts} attempts`, toDo)];
}

/**
 * Whether the host gives up messages after one failure. The app's own sign-outs have no queue trigger, but functions beside it
 * may have.
 * @param file host.json
 */
export async function checkHostJson(file: string): Promise<Finding[]> {
  const text = await readFile(file, "utf8").catch(() => undefined);
  if (text === undefined) return [];
  const name = "host.json";
  const queues = member(member(parse(text), "extensions"), "queues");
  if (member(queues, "maxDequeueCount") !== 1) return [];
  const found =
    "extensions.queues.maxDequeueCount is 1: one failure moves a message of your queue functions to its poison queue";
  return [
    warning(
      name,
      found,
      `Leave it out (5 attempts). Waiting sign-outs have ${settings.signOutMaxAttempts.name}, not ${formerMaxAttempts}`,
    ),
  ];
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function member(value: unknown, name: string): unknown {
  return isRecord(value) ? value[name] : undefined;
}
