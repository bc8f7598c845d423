import { parseArgs, type ParseArgsConfig } from "node:util";

export interface Command<Options extends NonNullable<ParseArgsConfig["options"]>> {
  /** What `--help` prints, and what follows the complaint about wrong arguments. */
  readonly usage: string;
  readonly options?: Options;
  /** How many words may follow the options; none unless said. */
  readonly maxPositionals?: number;
}

type Given<Options extends NonNullable<ParseArgsConfig["options"]>> = ReturnType<
  typeof parseArgs<{ options: Options; allowPositionals: true }>
>;

/**
 * The arguments that a command of the project was given. With `--help` it prints what the command does and ends with 0; with
 * arguments that the command does not know it says so and ends with 2.
 */
export function readArguments<const Options extends NonNullable<ParseArgsConfig["options"]>>(
  command: Command<Options>,
  args: readonly string[] = process.argv.slice(2),
): Given<Options> {
  const { usage, options, maxPositionals = 0 } = command;
  if (args.includes("--help") || args.includes("-h")) {
    process.stdout.write(usage);
    process.exit(0);
  }
  try {
    const given = parseArgs({ args: [...args], options: options as Options, allowPositionals: true });
    const [surplus] = given.positionals.slice(maxPositionals);
    if (surplus === undefined) return given;
    return endWithUsage(`Unexpected argument "${surplus}"`, usage);
  } catch (error) {
    return endWithUsage(error instanceof Error ? error.message : String(error), usage);
  }
}

/** Ends the process as after any wrong argument: the message, the usage, and the exit code 2. */
export function endWithUsage(message: string, usage: string): never {
  process.stderr.write(`${message}\n\n${usage}`);
  process.exit(2);
}
