import assert from "node:assert/strict";
import { resolve } from "node:path";
import type { Finding, Status } from "../../tools/doctor/finding.ts";
import { runProgram } from "../support/program.ts";
import type { World } from "../support/world.ts";

export interface Report {
  readonly exitCode: number;
  readonly output: string;
  readonly errors: string;
  /** The signs of all lines with this name, and what they say. */
  of(name: string): readonly { readonly sign: string; readonly text: string }[];
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Runs the command as people do, in a process of its own.
 * @param folder the project's, as the command sees it: with what `npm start` has left there
 */
export async function doctor(
  args: readonly string[],
  environment: Environment = {},
  folder: string = process.cwd(),
): Promise<Report> {
  const { PATH, HOME } = process.env;
  const options = { folder, environment: { PATH, HOME, ...environment } };
  const { code, output, errors } = await runProgram(resolve("tools/doctor/main.ts"), args, options);
  const lines = output.split("\n").flatMap((line) => {
    const [, sign = "", name = "", rest = ""] = /^([✓!✗–]) (.+?) {2,}(.*)$/.exec(line) ?? [];
    return sign === "" ? [] : [{ sign, name, text: rest }];
  });
  const of = (name: string) => lines.filter((line) => line.name === name);
  return { exitCode: code ?? -1, output, errors, of };
}

/** The same on the settings of a world, some of them changed. */
export async function doctorOf(world: World, changes: Environment = {}): Promise<Report> {
  const certificates = world.platform.environment["NODE_EXTRA_CA_CERTS"];
  return doctor(["--settings", `${world.folder}/settings.json`], { NODE_EXTRA_CA_CERTS: certificates, ...changes });
}

/** One line has this name, this sign, and says this. */
export function assertLine(report: Report, name: string, sign: "✓" | "!" | "✗" | "–", says: RegExp): void {
  const [line, ...more] = report.of(name);
  assert.deepEqual([line?.sign, more], [sign, []], `${name}:\n${report.output}${report.errors}`);
  assert.match(line?.text ?? "", says);
}

/** One finding of a check has this name and this status, and says this. */
export function assertFinding(findings: readonly Finding[], name: string, status: Status, says: RegExp): void {
  const found = findings.filter((finding) => finding.name === name);
  assert.deepEqual(
    found.map((finding) => finding.status),
    [status],
    JSON.stringify(findings, undefined, 2),
  );
  assert.match(found[0]?.text ?? "", says);
}
