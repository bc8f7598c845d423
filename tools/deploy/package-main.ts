import { readArguments } from "../../scripts/arguments.ts";
import { manifestText, packageApp, packageFolder } from "./package.ts";

const usage = `Builds the app, assembles the folder that is published (${packageFolder}), and prints what is in it.

Usage: npm run package
`;

readArguments({ usage });
process.stdout.write(manifestText(packageFolder, await packageApp(".", packageFolder)));
