import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { startTestApp, type TestApp, type TestAppOptions } from "@entra-functions-bff/development/testing";
import { buildApp } from "../cli/app-bundle.ts";
import { frontEndFiles, type ProjectManifest } from "../deploy/package.ts";

export type {
  ApiStandIn,
  ApiStandIns,
  Platform,
  Settings,
  SignedIn,
  TestApp,
  TestPerson,
} from "@entra-functions-bff/development/testing";

export interface TestOptions extends Omit<TestAppOptions, "appFolder"> {
  /** The app's folder, with `functions/index.ts` and `host.json`. Default: the current one. */
  readonly folder?: string;
}

/**
 * Builds the app and starts it on free ports, with stand-ins for everything that it needs and nobody signed in. It reads neither
 * `local.settings.json` nor the environment. Works with every test runner.
 *
 * @example
 * const app = await startApp({ apis: { orders: () => Response.json([{ id: 17 }]) } });
 * const ann = await app.signIn({ roles: ["Orders.Approve"] });
 * assert.equal((await ann.fetch("/orders/17/approval", { method: "POST" })).status, 200);
 * await app.signOutElsewhere(ann);
 * assert.equal((await ann.fetch("/me/manager")).status, 401);
 * await app.stop();
 */
export async function startApp({ folder = ".", ...options }: TestOptions = {}): Promise<TestApp> {
  // Of its own, because another test, or `dev`, may build the app at the same time.
  const appFolder = await mkdtemp(join(tmpdir(), "bff-test-app-"));
  const remove = async () => rm(appFolder, { recursive: true, force: true });
  try {
    await assemble(resolve(folder), appFolder);
    const app = await startTestApp({ ...options, appFolder });
    const stop = async () => {
      await app.stop();
      await remove();
    };
    return { ...app, stop, [Symbol.asyncDispose]: stop };
  } catch (error) {
    await remove();
    throw error;
  }
}

async function assemble(root: string, folder: string): Promise<void> {
  await buildApp({ root, outdir: join(folder, "dist") });
  const project = JSON.parse(await readFile(join(root, "package.json"), "utf8")) as ProjectManifest;
  for (const file of ["host.json", ...frontEndFiles(root, project)]) await cp(join(root, file), join(folder, file));
  await writeFile(join(folder, "package.json"), JSON.stringify({ main: "dist/index.cjs" }));
}
