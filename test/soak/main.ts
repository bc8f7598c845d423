import { writeFile } from "node:fs/promises";
import { soak } from "./run.ts";

/*
 * A long run: SOAK_OPERATIONS steps (5000) from SOAK_SEED (today's date), under the sign-out policy SOAK_SCOPE ("account"
 * or "session"). SOAK_HISTORY names a file for the history: the same seed makes the same plan, but hardly ever the same
 * interleaving. Prints one line, and what was found if anything was.
 */
const { SOAK_OPERATIONS = "5000", SOAK_SEED, SOAK_SCOPE = "account", SOAK_HISTORY } = process.env;
const seed = Number(SOAK_SEED ?? new Date().toISOString().slice(0, 10).replaceAll("-", ""));
const operations = Number(SOAK_OPERATIONS);
if (!Number.isInteger(seed) || !Number.isInteger(operations))
  throw new Error("SOAK_SEED and SOAK_OPERATIONS: integers");
if (SOAK_SCOPE !== "account" && SOAK_SCOPE !== "session") throw new Error('SOAK_SCOPE: "account" or "session"');

const { summary, findings, history } = await soak({ seed, operations, scope: SOAK_SCOPE });
if (SOAK_HISTORY !== undefined) await writeFile(SOAK_HISTORY, JSON.stringify(history, null, 1));
console.log(summary);
for (const finding of findings.slice(0, 20)) console.log(JSON.stringify(finding, null, 1));
process.exitCode = findings.length === 0 ? 0 : 1;
