import { deploy } from "./deploy.ts";

process.exitCode = await deploy(process.argv.slice(2), {
  environment: process.env,
  root: ".",
  folder: ".local",
  print: (text) => process.stdout.write(text),
  printError: (text) => process.stderr.write(text),
});
