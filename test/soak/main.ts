import { writeFile } from "node:fs/promises";
import { endWithUsage, readArguments } from "../../scripts/arguments.ts";

const usage = `Makes a long random run over three instances of the app. Prints one line, and the problems found, if any.

Usage: npm run soak

From the environment:
  SOAK_OPERATIONS   how many steps (5000)
  SOAK_SEED         a whole number (today's date). The same seed gives the same plan, but rarely the same interleaving
  SOAK_SCOPE        the sign-out scope, account or session (account)
  SOAK_HISTORY      a file to write the history to

Exit codes: 0 no problem found, 1 a problem found, 2 wrong arguments.
`;

readArguments({ usage });
const { SOAK_OPERATIONS = "5000", SOAK_SEED, SOAK_SCOPE = "account", SOAK_HISTORY } = process.env;
const seed = wholeNumber("SOAK_SEED", SOAK_SEED ?? new Date().toISOString().slice(0, 10).replaceAll("-", ""));
const operations = wholeNumber("SOAK_OPERATIONS", SOAK_OPERATIONS);
if (SOAK_SCOPE !== "account" && SOAK_SCOPE !== "session") {
  endWithUsage(`SOAK_SCOPE must be account or session, not "${SOAK_SCOPE}"`, usage);
}

// After the arguments: it loads the whole platform.
const { soak } = await import("./run.ts");
const { summary, findings, history } = await soak({ seed, operations, scope: SOAK_SCOPE });
if (SOAK_HISTORY !== undefined) await writeFile(SOAK_HISTORY, JSON.stringify(history, null, 1));
console.log(summary);
for (const finding of findings.slice(0, 20)) console.log(JSON.stringify(finding, null, 1));
process.exitCode = findings.length === 0 ? 0 : 1;

function wholeNumber(name: string, text: string): number {
  if (!/^\d{1,15}$/.test(text)) endWithUsage(`${name} must be a whole number, not "${text}"`, usage);
  return Number(text);
}
