import { spawn } from "node:child_process";
import { operatorCredential } from "../app-registration/operator-credential.ts";
import { isHere, runDoctor } from "./command.ts";
import { readOptions } from "./options.ts";
import { readSettings } from "./settings-source.ts";

const certificates = "NODE_EXTRA_CA_CERTS";

/**
 * The stand-ins of `npm start` have a certificate that this machine does not trust. Node reads the certificates to
 * trust when it starts, so the command starts itself once more.
 */
async function main(): Promise<number> {
  const args = process.argv.slice(2);
  const trusted = await readTrusted(args).catch(() => undefined);
  if (trusted === undefined || trusted === process.env[certificates]) return run(args);
  const argv = [...process.execArgv, ...process.argv.slice(1)];
  const child = spawn(process.execPath, argv, { stdio: "inherit", env: { ...process.env, [certificates]: trusted } });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code) => resolve(code ?? 1));
  });
}

/** Undefined for a deployment or for other settings. Then the caller decides which certificates to trust. */
async function readTrusted(args: readonly string[]): Promise<string | undefined> {
  const options = readOptions(args);
  if (options === "help" || options.settingsFile !== undefined) return undefined;
  const { environment } = await readSettings({}, undefined);
  return isHere(options, environment) ? environment[certificates] : undefined;
}

async function run(args: readonly string[]): Promise<number> {
  return runDoctor(args, {
    environment: process.env,
    signIn: operatorCredential,
    print: (text) => process.stdout.write(text),
    printError: (text) => process.stderr.write(text),
    colour: process.stdout.isTTY && !process.env["NO_COLOR"],
  });
}

process.exitCode = await main();
