import { writeFile } from "node:fs/promises";
import { configurationPage } from "./docs/configuration.ts";

/** Writes the pages of docs/ that are made from the code. A test fails when one of them is not up to date. */
const pages: Readonly<Record<string, () => Promise<string>>> = {
  doctor: async () => {
    const { doctorPage } = await import("./docs/doctor.ts");
    return save("docs/doctor.md", await doctorPage());
  },
  settings: async () => save("docs/configuration.md", await configurationPage()),
};

const [name = ""] = process.argv.slice(2);
const make = pages[name];
if (make === undefined) throw new Error(`Give one of: ${Object.keys(pages).join(", ")}`);
console.log(await make());

async function save(file: string, text: string): Promise<string> {
  await writeFile(file, text);
  return `${file} is written`;
}
