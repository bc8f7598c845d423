import { bundleOptions } from "../../scripts/build.ts";
import { aboutSettings, runStart } from "./program.ts";

const usage = `Runs the app on this machine, with stand-ins for everything that is not configured.

Usage: npm start        builds the app and runs it
       npm run dev      does the same again whenever a file in functions/, shared/ or web/ changes

Options, after "--":
  --port <number>       the first of seven consecutive ports (7071)
  --help                shows this text

${aboutSettings}`;

await runStart({ usage, bundle: bundleOptions, folders: ["functions", "shared", "web"] });
