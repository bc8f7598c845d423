import { readFile, writeFile } from "node:fs/promises";
import { format, resolveConfig } from "prettier";
import { readRoutes, withTables } from "./http-tables.ts";

/** Writes the tables of docs/http.md from the definitions of the functions and the list of conditions. */
const file = "docs/http.md";
const text = withTables(await readFile(file, "utf8"), await readRoutes());
await writeFile(file, await format(text, { ...(await resolveConfig(file)), parser: "markdown" }));
