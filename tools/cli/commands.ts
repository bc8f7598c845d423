/** A command of the package: its file, and what that gets before the caller's arguments. */
export interface Command {
  readonly file: string;
  readonly before?: readonly string[];
  readonly does: string;
}

export const commands: Readonly<Record<string, Command>> = {
  start: { file: "start", does: "builds the app and runs it, with stand-ins for everything that is not configured" },
  dev: {
    file: "start",
    before: ["--watch"],
    does: "the same, and again after every change in functions/ or public/, also in the open pages",
  },
  func: { file: "func", does: "the same as start, under the Azure Functions Core Tools" },
  doctor: { file: "doctor", does: "checks everything that the app needs, here or where it is deployed" },
  "app-registration": {
    file: "app-registration",
    does: "creates or updates the app registration in Microsoft Entra ID",
  },
  sweep: { file: "sweep", does: "deletes what people leave in the store who were signed out with everybody else" },
  package: { file: "package", does: "builds the app and assembles the folder that is published" },
  deploy: { file: "deploy", does: "packages the app and publishes it to a Function App" },
};

export const usage = `The commands of entra-functions-bff, for the app in this folder.

Usage: npx entra-functions-bff <command> [options]

${Object.entries(commands)
  .map(([name, { does }]) => `  ${name.padEnd(18)}${does}`)
  .join("\n")}

The options of a command: npx entra-functions-bff <command> --help
`;
