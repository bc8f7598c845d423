import { bundleOptions } from "../../scripts/build.ts";
import { aboutSettings, runStart } from "./program.ts";

const usage = `Runs the app on this machine, with stand-ins for everything that is not configured.

Usage: npm start        builds the app and runs it
       npm run dev      the same, and after every change in functions/, shared/, web/ or public/ again: it
                        builds and restarts the app, has its open pages load again, and checks types

Options, after "--":
  --port <number>       the first of seven consecutive ports (7071)
  --help                shows this text

${aboutSettings}`;

await runStart({
  usage,
  bundle: { ...bundleOptions, entryPoints: { index: "functions/index.ts", "web-assets": "web-assets" } },
  folders: ["functions", "shared", "web", "public"],
});
