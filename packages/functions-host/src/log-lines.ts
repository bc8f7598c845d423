import { styleText } from "node:util";

type Style = Parameters<typeof styleText>[0];

const styles: Readonly<Record<string, Style>> = { warn: "yellow", error: "red", crit: "red" };

/** A line of the functions host's log: time, level, category, message, and the invocation that wrote it. */
const hostLine = /^(\d\d:\d\d:\d\d)\.\d{3} (\w+)\s+(\S+): (.*?)(?: \[[0-9a-f-]{36}\])?$/;

/**
 * A line of the functions host's log as people read it: one line an event, with its attributes after its name, and an
 * error's stack below it. What is no line of the log stays as it is.
 * @param colour whether to mark warnings and errors; see {@link wantsColour}
 */
export function readableLine(line: string, colour: boolean): string {
  const [, time, level = "", category = "", message = ""] = hostLine.exec(line) ?? [];
  const paint = (style: Style | undefined, text: string) =>
    colour && style !== undefined ? styleText(style, text, { validateStream: false }) : text;
  const event = eventText(time === undefined ? line : message, (name) => paint("bold", name));
  // The app writes an event past the host if no invocation is under way.
  if (time === undefined) return event === undefined ? line : `${" ".repeat("00:00:00 info  ".length)}${event}`;
  const text = event ?? stackText(category, message);
  return `${paint("dim", time)} ${paint(styles[level] ?? "dim", level.padEnd(5))} ${text}`;
}

/** `signout origin=front_channel outcome=account_deleted`; undefined if the message is not an event. */
function eventText(message: string, paintName: (name: string) => string): string | undefined {
  const parsed = message.startsWith("{") ? parse(message) : undefined;
  if (!isRecord(parsed) || typeof parsed["event"] !== "string") return undefined;
  const { event, ...attributes } = parsed;
  const pairs = Object.entries(attributes).map(([name, value]) => `${name}=${String(value)}`);
  return [paintName(event), ...pairs].join(" ");
}

/** The host keeps a message on one line; on a screen a stack is easier to read below its error. */
function stackText(category: string, message: string): string {
  const [first = "", ...rest] = message.split(" | ");
  return [`${category}: ${first}`, ...rest.map((frame) => `         ${frame}`)].join("\n");
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** Colour is for terminals, and for people who have not asked for none (https://no-color.org). */
export function wantsColour(stream: { readonly isTTY?: boolean }, environment: NodeJS.ProcessEnv): boolean {
  return stream.isTTY === true && !environment["NO_COLOR"] && environment["TERM"] !== "dumb";
}
