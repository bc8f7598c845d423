import { aboutSettings, runStart } from "../start/program.ts";
import { appBundle, buildApp, sourceFolders } from "./app-bundle.ts";

const usage = `Runs the app in this folder, with stand-ins for everything that is not configured.

Usage: npx entra-functions-bff start    builds functions/index.ts and runs it
       npx entra-functions-bff dev      the same, and after every change in functions/ or public/ again: it builds
                                        and restarts the app, has its open pages load again, and checks types

  --port <number>       the first of seven consecutive ports (7071)
  --help                shows this text

${aboutSettings}`;

await runStart({ usage, bundle: appBundle, folders: sourceFolders, build: buildApp });
