import { parseArgs } from "node:util";
import { frontEnds, type FrontEnd } from "./create.ts";

export const usage = `Makes a Function App that uses entra-functions-bff, in a new folder.

Usage: npm create entra-functions-bff [folder] [-- --front-end none|plain|react]

  --front-end none     no page of its own: functions only
  --front-end plain    a page without a bundler (the default)
  --front-end react    React and TypeScript, with Vite
  --help               shows this text

What is not given is asked for in a terminal. The folder, by default my-app, must be empty or not exist; its name is the app's.
Exit codes: 0 made, 1 refused, 2 wrong arguments.
`;

/** What the caller has said. */
export interface Given {
  readonly folder?: string;
  readonly frontEnd?: FrontEnd;
}

/** @throws what to tell the person who typed them */
export function readArguments(args: readonly string[]): Given | "help" {
  const options = { "front-end": { type: "string" }, help: { type: "boolean", short: "h" } } as const;
  const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true });
  if (values.help) return "help";
  const [folder, ...others] = positionals;
  if (others.length > 0) throw new Error(`One folder only, not also ${others.join(" ")}`);
  const { "front-end": frontEnd } = values;
  if (frontEnd !== undefined && !isFrontEnd(frontEnd)) {
    throw new Error(`--front-end must be one of ${frontEnds.join(", ")}, not "${frontEnd}"`);
  }
  return { ...(folder !== undefined && { folder }), ...(frontEnd !== undefined && { frontEnd }) };
}

export function isFrontEnd(text: string): text is FrontEnd {
  return (frontEnds as readonly string[]).includes(text);
}
