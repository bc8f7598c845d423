import { buildApp } from "./app-bundle.ts";

if (!process.argv.includes("--help")) await buildApp();
await import("../deploy/deploy-main.ts");
