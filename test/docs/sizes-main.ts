import { writeFile } from "node:fs/promises";
import { readArguments } from "../../scripts/arguments.ts";
import { pageOfSizes, sizesPage } from "./sizes.ts";

const usage = `Writes the sizing tables of docs/operations.md from the operations of the code and the published charges. A test fails
when they are not up to date.

Usage: npm run docs:sizes
`;

readArguments({ usage });
await writeFile(sizesPage, await pageOfSizes());
console.log(`${sizesPage} is written`);
