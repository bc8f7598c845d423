import { writeFile } from "node:fs/promises";
import { endWithUsage, readArguments } from "./arguments.ts";
import { configurationPage } from "./docs/configuration.ts";

/** Writes the pages of docs/ that are made from the code. A test fails when one of them is not up to date. */
const pages: Readonly<Record<string, () => Promise<string>>> = {
  doctor: async () => {
    const { doctorPage } = await import("../test/docs/doctor-page.ts");
    return save("docs/doctor.md", await doctorPage());
  },
  settings: async () => save("docs/configuration.md", await configurationPage()),
};

const usage = `Writes a page of docs/ that is made from the code.

Usage: npm run docs:doctor       docs/doctor.md: what the command prints beside the local platform
       npm run docs:settings     docs/configuration.md: the list of settings
`;

const { positionals } = readArguments({ usage, maxPositionals: 1 });
const make = pages[positionals[0] ?? ""];
if (make === undefined) endWithUsage(`Give one of: ${Object.keys(pages).join(", ")}`, usage);
console.log(await make());

async function save(file: string, text: string): Promise<string> {
  await writeFile(file, text);
  return `${file} is written`;
}
