#!/usr/bin/env node
import { fileURLToPath } from "node:url";
import { commands, usage } from "./commands.ts";

/** The Node version that start, dev and func need, because the stand-ins use what Node has from this version on. */
const oldestNode = 24;

const [name = "--help", ...given] = process.argv.slice(2);
const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
if (name === "--help" || name === "-h") process.stdout.write(usage);
else if (command === undefined) endWith(`There is no command "${name}"\n\n${usage}`, 2);
else if (Number.parseInt(process.versions.node, 10) < oldestNode) {
  endWith(`This needs Node ${oldestNode} or later; here is ${process.version}\n`, 1);
} else {
  const file = new URL(`./${command.file}.js`, import.meta.url);
  // A command reads its arguments like a separate program, and may start itself again.
  process.argv = [process.execPath, fileURLToPath(file), ...(command.before ?? []), ...given];
  await import(file.href).catch(explainMissing);
}

/** The package does not include the stand-ins, because they are for development only. */
function explainMissing(error: unknown): never {
  const [, missing] = /Cannot find package '([^']+)'/.exec(error instanceof Error ? error.message : "") ?? [];
  if (missing === undefined) throw error;
  endWith(`${missing} is missing: npm install --save-dev @entra-functions-bff/development\n`, 1);
}

function endWith(message: string, code: number): never {
  process.stderr.write(message);
  process.exit(code);
}
