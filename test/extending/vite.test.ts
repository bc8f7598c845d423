import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { after, before, describe, it } from "node:test";
import { promisify } from "node:util";
import { build as bundle } from "esbuild";
import { createServer, type ViteDevServer } from "vite";
import { freePort } from "@entra-functions-bff/stand-in-kit/ports";
import { bundleOptions } from "../../scripts/build.ts";
import { clientOptions } from "../../scripts/pack/product.ts";
import { authTypes } from "../../scripts/auth-types.ts";
import { pickAccount } from "../browser/steps.ts";
import { launchBrowser, type TestBrowser } from "../support/browser.ts";
import { startTogether } from "../support/start-together.ts";
import { startWorld, type World } from "../support/world.ts";
import { block } from "./documented.ts";

const documented = ["vite.config.mts", "index.html", "src/main.tsx", "src/home.tsx", "src/use-session.ts"];
const installed = ["vite", "@vitejs/plugin-react", "react", "react-dom", "@types/react", "@types/react-dom", "csstype"];

describe("a front end with Vite and React, as docs/extending.md has it", () => {
  let folder: string;
  let vite: ViteDevServer;
  let world: World;
  let browser: TestBrowser;
  let origin: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "bff-vite-"));
    const port = await freePort();
    origin = `http://localhost:${port}`;
    await writeFrontEnd();
    // In a process of its own, because a build has React for production from then on.
    await node("node_modules/vite/bin/vite.js", "build", join(folder, "web"));
    await buildApp();
    const registration = {
      redirectUris: [`${origin}/auth/callback`],
      postLogoutRedirectUris: [`${origin}/auth/signed-out`],
      frontChannelLogoutUri: `${origin}/auth/frontchannel-logout`,
    };
    const environment = { PublicBaseUrl: origin };
    [world, browser] = await startTogether(
      startWorld({ appFolder: folder, registration, environment }),
      launchBrowser(),
    );
    const config = await readFile(join(folder, "web/vite.config.mts"), "utf8");
    const placed = config.replace("5173", String(port)).replace("7071", String(world.ports.app));
    await writeFile(join(folder, "web/vite.config.mts"), placed);
    vite = await createServer({ root: join(folder, "web"), logLevel: "warn" });
    await vite.listen();
  });
  after(async () => {
    await Promise.all([vite.close(), browser.stop(), world.stop()]);
    await rm(folder, { recursive: true, force: true });
  });

  async function writeFrontEnd(): Promise<void> {
    const text = await readFile("docs/extending.md", "utf8");
    for (const file of documented) await write(join(folder, "web", file), block(text, `vite: ${file}`));
    for (const name of installed) await link(name);
    const client = join(folder, "node_modules/entra-functions-bff");
    const exports = { "./client": { types: "./dist/client.d.ts", default: "./dist/client.js" } };
    await write(join(client, "package.json"), JSON.stringify({ name: "entra-functions-bff", type: "module", exports }));
    await bundle(clientOptions(client));
    await write(join(client, "dist/client.d.ts"), await authTypes());
  }

  async function link(name: string): Promise<void> {
    await mkdir(dirname(join(folder, "node_modules", name)), { recursive: true });
    await symlink(resolve("node_modules", name), join(folder, "node_modules", name));
  }

  async function buildApp(): Promise<void> {
    await write(
      join(folder, "functions/index.ts"),
      'import { bff } from "entra-functions-bff";\nbff({ files: "public" });\n',
    );
    const entryPoints = { ...bundleOptions.entryPoints, index: join(folder, "functions/index.ts") };
    const alias = { ...bundleOptions.alias, "entra-functions-bff": resolve("functions/bff.ts") };
    await bundle({ ...bundleOptions, entryPoints, alias, outdir: join(folder, "dist") });
    await cp("host.json", join(folder, "host.json"));
    await write(join(folder, "package.json"), '{ "main": "dist/index.cjs" }');
  }

  it("is what a strict compiler takes", async () => {
    const language = { strict: true, jsx: "react-jsx", module: "preserve", lib: ["es2024", "dom"], types: [] };
    const compilerOptions = { ...language, noEmit: true, allowImportingTsExtensions: true, skipLibCheck: true };
    await write(join(folder, "web/tsconfig.json"), JSON.stringify({ compilerOptions, include: ["src"] }));
    await node("node_modules/typescript/bin/tsc", "-p", join(folder, "web"));
  });

  it("signs in through Vite's server, and shows a change at once in the same page, the person still signed in", async (test) => {
    const tab = await (await browser.newProfile(test)).newTab(origin);
    await tab.getByRole("button", { name: "Sign in" }).click();
    await pickAccount(tab, "Ada Lindqvist");
    await tab.getByRole("heading", { name: "Hello, Ada Lindqvist" }).waitFor();
    await tab.evaluate("window.isSame = true");
    const source = join(folder, "web/src/home.tsx");
    await writeFile(source, (await readFile(source, "utf8")).replace("Hello, ", "Welcome, "));
    await tab.getByRole("heading", { name: "Welcome, Ada Lindqvist" }).waitFor();
    assert.equal(await tab.evaluate("window.isSame"), true, "The page was loaded anew");
    await tab.getByRole("button", { name: "Sign out" }).click();
    await tab.getByRole("button", { name: "Sign in" }).waitFor();
    assert.equal(tab.url(), `${origin}/`);
  });

  it("is served by the app once it is built, under the policy of its pages, also where only its script knows the address", async (test) => {
    const app = world.instances[0]?.url ?? "";
    const tab = await (await browser.newProfile(test)).newTab(`${app}/orders/17`);
    await tab.getByRole("button", { name: "Sign in" }).waitFor();
    const script = await tab.locator("script[src]").getAttribute("src");
    const answer = await fetch(new URL(script ?? "", app));
    assert.match(script ?? "", /^\/assets\/index-[\w-]{8}\.js$/);
    assert.match(answer.headers.get("content-type") ?? "", /^text\/javascript/);
    assert.equal(answer.headers.get("x-content-type-options"), "nosniff");
    assert.match(await (await fetch(`${app}/assets/auth.js`)).text(), /onSignedOut/);
    assert.equal((await fetch(`${app}/orders/17`)).status, 404);
  });
});

async function node(...args: readonly string[]): Promise<void> {
  await promisify(execFile)(process.execPath, args).catch(({ stdout, stderr }: { stdout: string; stderr: string }) =>
    assert.fail(stdout + stderr),
  );
}

async function write(file: string, text: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, text);
}
