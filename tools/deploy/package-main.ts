import { readArguments } from "../../scripts/arguments.ts";
import { manifestText, packageApp, packageFolder } from "./package.ts";

const usage = `Builds the app and puts the folder together that is published, ${packageFolder}; prints what is in it.

Usage: npm run package
`;

readArguments({ usage });
process.stdout.write(manifestText(packageFolder, await packageApp(".", packageFolder)));
