#!/usr/bin/env node
import { basename, relative, resolve } from "node:path";
import { readArguments, usage, type Given } from "./arguments.ts";
import { CannotCreateError, createApp, type NewApp } from "./create.ts";
import { askFor } from "./questions.ts";

const exitCodes = { refused: 1, usage: 2 } as const;

async function main(args: readonly string[]): Promise<number> {
  let given: Given | "help";
  try {
    given = readArguments(args);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`);
    return exitCodes.usage;
  }
  if (given === "help") {
    process.stdout.write(usage);
    return 0;
  }
  const { folder, frontEnd } = process.stdin.isTTY && process.stdout.isTTY ? await askFor(given) : withDefaults(given);
  const app: NewApp = { folder: resolve(folder), name: basename(resolve(folder)), frontEnd };
  try {
    const files = await createApp(app);
    process.stdout.write(`${app.folder} has ${files.length} files.\n\n${nextSteps(app)}`);
    return 0;
  } catch (error) {
    if (!(error instanceof CannotCreateError)) throw error;
    process.stderr.write(`${error.message}\n`);
    return exitCodes.refused;
  }
}

function withDefaults({ folder = "my-app", frontEnd = "plain" }: Given): Required<Given> {
  return { folder, frontEnd };
}

function nextSteps({ folder }: NewApp): string {
  const path = relative(".", folder);
  return `${path === "" ? "" : `  cd ${path}\n`}  npm install
  npm start          runs the app, with stand-ins for everything that it needs
  npm test           tests it, in the same way
`;
}

process.exitCode = await main(process.argv.slice(2));
