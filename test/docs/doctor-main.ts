import { writeFile } from "node:fs/promises";
import { readArguments } from "../../scripts/arguments.ts";

const usage = `Writes docs/doctor.md: what the command prints beside the local platform. A test fails when the page is not up to date.

Usage: npm run docs:doctor
`;

readArguments({ usage });
// After the arguments: it loads the whole platform.
const { doctorPage } = await import("./doctor-page.ts");
await writeFile("docs/doctor.md", await doctorPage());
console.log("docs/doctor.md is written");
