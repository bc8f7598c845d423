import { writeFile } from "node:fs/promises";
import { readArguments } from "../../scripts/arguments.ts";
import { pageOfRaces, racesPage } from "./races.ts";

const usage = `Writes the list of races in docs/races.md from the titles and comments of the tests. A test fails when it is not up to date.

Usage: npm run docs:races
`;

readArguments({ usage });
await writeFile(racesPage, await pageOfRaces());
console.log(`${racesPage} is written`);
