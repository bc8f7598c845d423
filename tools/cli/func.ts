import { buildApp } from "./app-bundle.ts";

if (!process.argv.includes("--help")) await buildApp();
await import("../start/start-func.ts");
