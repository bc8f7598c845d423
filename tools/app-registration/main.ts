import { runAppRegistration } from "./command.ts";
import { operatorCredential } from "./operator-credential.ts";

process.exitCode = await runAppRegistration(process.argv.slice(2), {
  environment: process.env,
  signIn: operatorCredential,
  print: (text) => process.stdout.write(text),
  printError: (text) => process.stderr.write(text),
});
