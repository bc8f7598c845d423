import { spawn } from "node:child_process";
import { access, constants } from "node:fs/promises";
import { delimiter, join } from "node:path";

/**
 * What to say if `func` is missing. The project does not depend on it, because its npm package downloads files during
 * its installation.
 */
export const funcMissing = `The Azure Functions Core Tools are missing: there is no "func" on the PATH.

Install version 4:
  Windows           winget install Microsoft.Azure.FunctionsCoreTools
  macOS             brew tap azure/functions && brew install azure-functions-core-tools@4
  Debian, Ubuntu    sudo apt-get install azure-functions-core-tools-4   (from packages.microsoft.com)
  with npm          npm install --global azure-functions-core-tools@4

https://learn.microsoft.com/azure/azure-functions/functions-run-local
`;

/** Path of the Azure Functions Core Tools; undefined if they are not on the PATH. */
export async function findFunc(environment: NodeJS.ProcessEnv): Promise<string | undefined> {
  const path = environment["PATH"] ?? environment["Path"] ?? "";
  const names = process.platform === "win32" ? ["func.exe", "func.cmd"] : ["func"];
  for (const folder of path.split(delimiter).filter(Boolean)) {
    for (const name of names) {
      const candidate = join(folder, name);
      if (await isExecutable(candidate)) return candidate;
    }
  }
  return undefined;
}

async function isExecutable(file: string): Promise<boolean> {
  try {
    await access(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Runs `func` in `folder`, with this terminal. Resolves with its exit code; 1 if a signal ended it. */
export async function runFunc(
  func: string,
  args: readonly string[],
  options: { readonly folder: string; readonly environment: NodeJS.ProcessEnv; readonly signal?: AbortSignal },
): Promise<number> {
  const { folder: cwd, environment: env, signal } = options;
  // Windows runs .cmd files only in a shell.
  const shell = func.endsWith(".cmd");
  const child = spawn(shell ? `"${func}"` : func, args, { cwd, env, shell, stdio: "inherit" });
  signal?.addEventListener("abort", () => child.kill(), { once: true });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("exit", (code) => resolve(code ?? 1));
  });
}
