import { parseArgs, type ParseArgsConfig } from "node:util";

export interface Command<Options extends NonNullable<ParseArgsConfig["options"]>> {
  /** What `--help` prints, and what follows a message about wrong arguments. */
  readonly usage: string;
  readonly options?: Options;
  /** How many words may follow the options; by default, none. */
  readonly maxPositionals?: number;
}

type Given<Options extends NonNullable<ParseArgsConfig["options"]>> = ReturnType<
  typeof parseArgs<{ options: Options; allowPositionals: true }>
>;

/**
 * Reads the arguments of one of the project's commands. With `--help`, it prints what the command does and exits with
 * 0; with unknown arguments, it says so and exits with 2.
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

/** Ends the process as for any wrong argument: prints the message and the usage, and exits with 2. */
export function endWithUsage(message: string, usage: string): never {
  process.stderr.write(`${message}\n\n${usage}`);
  process.exit(2);
}
