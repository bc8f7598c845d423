import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { compileCache } from "../support/compile-cache.ts";
import type { World } from "../support/world.ts";

export interface Report {
  readonly exitCode: number;
  readonly output: string;
  readonly errors: string;
  /** The signs of all lines with this name, and what they say. */
  of(name: string): readonly { readonly sign: string; readonly text: string }[];
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Runs the command as people do, in a process of its own. */
export async function doctor(args: readonly string[], environment: Environment = {}): Promise<Report> {
  const { PATH, HOME } = process.env;
  const argv = ["--disable-warning=ExperimentalWarning", "infra/doctor/main.ts", ...args];
  const child = spawn(process.execPath, argv, { env: { PATH, HOME, ...compileCache, ...environment } });
  const [output, errors, [exitCode]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "exit")]);
  const lines = output.split("\n").flatMap((line) => {
    const [, sign = "", name = "", rest = ""] = /^([✓!✗–]) (.+?) {2,}(.*)$/.exec(line) ?? [];
    return sign === "" ? [] : [{ sign, name, text: rest }];
  });
  const of = (name: string) => lines.filter((line) => line.name === name);
  return { exitCode: Number(exitCode), output, errors, of };
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
