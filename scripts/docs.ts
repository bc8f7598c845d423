import { writeFile } from "node:fs/promises";
import { readArguments } from "./arguments.ts";
import { configurationPage } from "./docs/configuration.ts";

const usage = `Writes docs/configuration.md, the list of settings, from the code. A test fails if the page is out of date.

Usage: npm run docs:settings
`;

readArguments({ usage });
await writeFile("docs/configuration.md", await configurationPage());
console.log("docs/configuration.md is written");
