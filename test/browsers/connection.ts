import { setTimeout as delay } from "node:timers/promises";

/** The commands of W3C WebDriver that the flows use, by the names that Firefox's own protocol has for them. */
export type CommandName =
  | "Navigate"
  | "Refresh"
  | "GetCurrentURL"
  | "FindElements"
  | "IsElementDisplayed"
  | "ElementClick"
  | "GetPageSource"
  | "ExecuteScript"
  | "GetCookies"
  | "NewWindow"
  | "SwitchToWindow";

export type Parameters = Readonly<Record<string, unknown>>;

/** Sends commands to a browser and returns what they come to. Rejects with a CommandError. */
export interface Connection {
  command(name: CommandName, parameters?: Parameters): Promise<unknown>;
}

/** A command that failed, with the error code of W3C WebDriver section 6.6, such as `stale element reference`. */
export class CommandError extends Error {
  override readonly name = "CommandError";
  readonly code: string;

  constructor(command: string, code: string, message: string) {
    super(`${command}: ${code}: ${message.slice(0, 300)}`);
    this.code = code;
  }
}

/** The driver started no browser, or stopped answering. That says nothing about the app: a new browser is worth a try. */
export class DriverFailure extends Error {
  override readonly name = "DriverFailure";
}

/**
 * @param limitMs long enough for any command on a busy machine unless given
 * @throws {DriverFailure} when the driver does not answer `command` in that time
 */
export async function answered<Answer>(command: string, answer: Promise<Answer>, limitMs = 45_000): Promise<Answer> {
  const timer = new AbortController();
  const late = delay(limitMs, undefined, { signal: timer.signal }).then(() => {
    throw new DriverFailure(`The browser did not answer ${command} in ${limitMs} ms`);
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    timer.abort();
  }
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}
