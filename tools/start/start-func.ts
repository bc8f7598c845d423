import { packageFolder } from "../deploy/package.ts";
import { readArguments } from "../../scripts/arguments.ts";
import { givenSettings, withCookieName } from "./given-settings.ts";
import { portsFrom } from "@entra-functions-bff/development/ports";
import { settingsTrouble } from "./settings-trouble.ts";

const usage = `Runs the app under the Azure Functions Core Tools (func start), with stand-ins for everything that is not configured.

Usage: npm run start:func

The bundle, the settings and the stand-ins are the same as with npm start; only the host is Microsoft's own. This host
asks for no key for the purge route. Exit codes: 2 wrong arguments, 3 no Core Tools, otherwise the exit code of func.
`;

async function main(): Promise<number> {
  readArguments({ usage });
  // Imported after the arguments are read, because it loads the whole platform.
  const { runUnderFunc } = await import("./func.ts");
  const ports = portsFrom(7071);
  // Ctrl+C also reaches func. When func ends, everything else does.
  process.on("SIGINT", () => undefined);
  return runUnderFunc({
    root: ".",
    packageFolder,
    dataFolder: ".local",
    ports,
    settings: withCookieName(await givenSettings(), ports.app),
    environment: process.env,
    printError: (text) => process.stderr.write(text),
    ready: ({ publicBaseUrl, environment }) => {
      console.log(`The app will be at ${publicBaseUrl}. Ctrl+C stops everything.`);
      const trouble = settingsTrouble(environment);
      if (trouble !== undefined) console.log(trouble);
    },
  });
}

process.exitCode = await main();
