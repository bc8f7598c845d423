import { spawn, type ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";

/** Tells type errors beside the work that goes on. */
export interface TypeChecker {
  /** Checks the source as it is now. A check that is under way is given up. */
  check(): void;
  stop(): void;
}

/**
 * Runs the project's own compiler over its `tsconfig.json`; without one of the two, does nothing.
 * @param print gets what the compiler says of errors, and one line when they are gone
 */
export function typeChecker(print: (text: string) => void, colour: boolean): TypeChecker {
  const compiler = findCompiler();
  let running: ChildProcess | undefined;
  let hadErrors = false;

  return {
    check() {
      if (compiler === undefined) return;
      running?.kill();
      const args = [compiler, "--noEmit", "--pretty", String(colour), "--incremental"];
      const child = spawn(process.execPath, [...args, "--tsBuildInfoFile", join(".local", "types.tsbuildinfo")], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      running = child;
      let output = "";
      child.stdout.setEncoding("utf8").on("data", (text: string) => (output += text));
      child.on("close", (code) => {
        if (code === null || child !== running) return;
        if (code !== 0) print(output.trimEnd());
        else if (hadErrors) print("No type errors any more.");
        hadErrors = code !== 0;
      });
    },
    stop: () => void running?.kill(),
  };
}

function findCompiler(): string | undefined {
  if (!existsSync("tsconfig.json")) return undefined;
  try {
    const manifest = createRequire(resolve("package.json")).resolve("typescript/package.json");
    return join(manifest, "../bin/tsc");
  } catch {
    return undefined;
  }
}
