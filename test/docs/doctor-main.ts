import { writeFile } from "node:fs/promises";
import { readArguments } from "../../scripts/arguments.ts";

const usage = `Writes docs/doctor.md, with what the command prints on the local platform. A test fails if the page is out of date.

Usage: npm run docs:doctor
`;

readArguments({ usage });
// After the arguments: it loads the whole platform.
const { doctorPage } = await import("./doctor-page.ts");
await writeFile("docs/doctor.md", await doctorPage());
console.log("docs/doctor.md is written");
