import { operatorCredential } from "../app-registration/operator-credential.ts";
import { runSweep } from "./command.ts";

process.exitCode = await runSweep(process.argv.slice(2), {
  environment: process.env,
  signIn: async () => operatorCredential(undefined),
  print: (text) => process.stdout.write(text),
  printError: (text) => process.stderr.write(text),
});
