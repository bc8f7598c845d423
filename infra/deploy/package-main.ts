import { manifestText, packageApp, packageFolder } from "./package.ts";

process.stdout.write(manifestText(packageFolder, await packageApp(".", packageFolder)));
