import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, dirname, join, resolve } from "node:path";
import { after, before, describe, it, type TestContext } from "node:test";
import { promisify } from "node:util";
import { eventually } from "@entra-functions-bff/stand-in-kit/eventually";
import { packAll } from "../../scripts/pack.ts";
import { createClient } from "../support/http-client.ts";
import { finishSignOut } from "../support/sign-out.ts";
import { freePortRow, signIn } from "../support/world.ts";
import { block } from "./documented.ts";

const run = promisify(execFile);

const page = `import { me, onSignedOut, type SignedOut } from "entra-functions-bff/client";

export const who: Promise<{ readonly account: { readonly name: string } } | undefined> = me();
onSignedOut(({ reason }: SignedOut) => void (document.title = reason));
`;
const options = `import { bff, pagePolicy, type BffOptions, type ContentPolicy, type OwnFunction, type SignedOutAccount } from "entra-functions-bff";

const contentSecurityPolicy: ContentPolicy = { fontSrc: ["https://fonts.example"] };
const open = new Map<string, string>();
const options: BffOptions = {
  name: "Orders",
  claims: ["email"],
  contentSecurityPolicy,
  onSignedIn: ({ account, session, claims }) => void open.set(session, account + claims.tenantId),
  onSignedOut: async ({ sessions, origin }: SignedOutAccount) => {
    if (origin !== "replaced") for (const session of sessions) open.delete(session);
  },
};
const orders: OwnFunction = {
  route: "orders",
  methods: ["GET"],
  page: true,
  handler: (_request, { claims }, { nonce, signal }) => {
    signal.throwIfAborted();
    const body = \`<script nonce="\${nonce}">alert(\${claims.roles.length})</script>\`;
    return { headers: { "content-security-policy": pagePolicy(contentSecurityPolicy, nonce) }, body };
  },
};
bff(options).http("orders", orders);
`;
const mistakes = `import { bff, english, german, type Texts } from "entra-functions-bff";

const swiss: Texts = { ...german, language: "de-CH", links: { ...german.links, home: "Zur Startseite" } };
const auth = bff({ languages: [swiss, english] });
// @ts-expect-error: a page has some language
bff({ languages: [] });
// @ts-expect-error: a language has all texts
bff({ languages: [{ language: "fr", reference: "Référence" }] });
// @ts-expect-error: there is no such option
bff({ title: "Orders" });
// @ts-expect-error: the directive has another name
bff({ contentSecurityPolicy: { fonts: ["https://fonts.example"] } });
// @ts-expect-error: a hook is told nothing of tokens
bff({ onSignedOut: ({ tokens }) => tokens });
// @ts-expect-error: nothing of the inside is public
auth.http("order", { route: "order", methods: ["GET"], handler: (_request, session) => ({ jsonBody: session.resolved }) });
`;

/** Without what tells a test runner that it is inside another one, and on the Node of this process. */
function environment(): NodeJS.ProcessEnv {
  const { NODE_TEST_CONTEXT: _inside, NODE_COMPILE_CACHE: _cache, PATH = "", ...others } = process.env;
  // Else npm, which may have started this, would take the project for the folder to install in.
  delete others["npm_config_local_prefix"];
  return { ...others, PATH: dirname(process.execPath) + delimiter + PATH };
}

const isUnreachable = (error: unknown) => /ENOTCACHED|ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT/.test(String(error));

describe("an app from the packages' tarballs, in a folder of its own", () => {
  let folder: string;
  let notInstalled: unknown;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "bff-adopter-"));
    const tarballs = await packAll(join(folder, "tarballs"));
    // All that is written by hand.
    const text = await readFile("docs/extending.md", "utf8");
    for (const file of ["functions/index.ts", "host.json", "local/apis.ts", "test/manager.test.ts"]) {
      await mkdir(dirname(join(folder, file)), { recursive: true });
      await writeFile(join(folder, file), block(text, `app: ${file}`));
    }
    await writeFile(join(folder, "package.json"), '{ "private": true, "type": "module", "main": "dist/index.cjs" }');
    const { dependencies } = JSON.parse(await readFile("package.json", "utf8")) as {
      readonly dependencies: Readonly<Record<string, string>>;
    };
    const install = ["install", "--prefer-offline", "--ignore-scripts", "--no-audit", "--no-fund"];
    const packages = [`@azure/functions@${dependencies["@azure/functions"]}`, ...tarballs];
    await run("npm", [...install, ...packages], { cwd: folder, env: environment() }).catch((error: unknown) => {
      if (!isUnreachable(error)) throw error;
      notInstalled = error;
    });
  });
  after(async () => rm(folder, { recursive: true, force: true }));

  /** The proof, unless there is nothing to prove it with. */
  const proof = (prove: () => Promise<void>) => async (test: TestContext) => {
    if (notInstalled === undefined) await prove();
    else test.skip("what the packages depend on is neither cached nor to be had");
  };
  const command = () => join(folder, "node_modules/.bin/entra-functions-bff");

  it(
    "signs in, calls Graph, and answers 401 once the person has signed out in the other app",
    proof(async () => {
      const port = await freePortRow(7);
      const program = spawn(command(), ["start", "--port", String(port)], {
        cwd: folder,
        env: environment(),
        stdio: ["ignore", "pipe", "pipe"],
      });
      const exited = once(program, "exit");
      let output = "";
      for (const stream of [program.stdout, program.stderr]) {
        stream.on("data", (chunk: Buffer) => (output += chunk.toString()));
      }
      try {
        await eventually(
          "the banner",
          () => /Ctrl\+C/.test(output) || assert.equal(program.exitCode, null, output),
          30_000,
        );
        const client = createClient(`http://localhost:${port}`);
        assert.equal((await client.fetch("/me/manager")).status, 401);
        await signIn(client, "ada@contoso.example", "/healthz");
        const answer = await client.fetch("/me/manager");
        // She has none, says the stand-in of Graph.
        const { error } = answer.json() as { error: { code: string } };
        assert.deepEqual([answer.status, error.code], [404, "ResourceNotFound"]);
        const orders = await client.fetch("/api/orders/open", { headers: { "sec-fetch-site": "same-origin" } });
        assert.deepEqual(orders.json(), [{ id: 17, item: "lamp" }]);
        const { body } = await client.fetch("/auth/logout", { headers: { accept: "text/html" } });
        assert.match(body, /Contoso Orders/);

        const [, other = ""] = /The other app\s+(\S+)/.exec(output) ?? [];
        await client.navigate(`${other}/sign-in`);
        const signingOut = await client.navigate(`${other}/sign-out`, { method: "POST", headers: { origin: other } });
        const { frames } = await finishSignOut(client, signingOut);
        assert.deepEqual(
          frames.map(({ status }) => status),
          [200, 200],
        );
        assert.equal((await client.fetch("/me/manager")).status, 401);
      } finally {
        program.kill("SIGTERM");
        await exited;
      }
      assert.doesNotMatch(output, /ExperimentalWarning|Error/);
    }),
  );

  it(
    "passes the test of its function that the documentation shows, which signs a person in without a browser",
    proof(async () => {
      const args = ["--test", "--test-reporter=tap", "test/manager.test.ts"];
      const { stdout } = await run(process.execPath, args, { cwd: folder, env: environment() }).catch(
        (error: unknown) => assert.fail((error as { stdout: string }).stdout),
      );
      assert.match(stdout, /^# pass 1$/m);
    }),
  );

  it(
    "is what a strict compiler takes, and cannot reach what is not public",
    proof(async () => {
      await writeFile(join(folder, "functions/page.ts"), page);
      await writeFile(join(folder, "functions/options.ts"), options);
      await writeFile(join(folder, "functions/mistakes.ts"), mistakes);
      const compilerOptions = {
        strict: true,
        noEmit: true,
        module: "nodenext",
        lib: ["es2024", "dom"],
        types: ["node"],
        typeRoots: [resolve("node_modules/@types")],
      };
      await writeFile(
        join(folder, "tsconfig.json"),
        JSON.stringify({ compilerOptions, include: ["functions", "local", "test"] }),
      );
      const compiler = resolve("node_modules/typescript/bin/tsc");
      await run(process.execPath, [compiler, "-p", "tsconfig.json"], { cwd: folder }).catch((error: unknown) =>
        assert.fail((error as { stdout: string }).stdout),
      );
      for (const inside of ["dist/bff.cjs", "shared/app/app.ts", "functions/bff.ts"]) {
        const script = `import(${JSON.stringify(`entra-functions-bff/${inside}`)})`;
        await assert.rejects(run(process.execPath, ["-e", script], { cwd: folder }), /ERR_PACKAGE_PATH_NOT_EXPORTED/);
      }
    }),
  );

  it(
    "has the commands of the package, by the names that the folder has for them",
    proof(async () => {
      const { stdout } = await run(command(), ["package"], { cwd: folder, env: environment() });
      for (const file of ["dist/index.cjs", "dist/msal-node.cjs", "dist/storage-queue.cjs", "host.json"]) {
        assert.ok(stdout.includes(file), stdout);
      }
      for (const name of ["start", "dev", "func", "doctor", "app-registration", "package", "deploy"]) {
        const help = await run(command(), [name, "--help"], { cwd: folder, env: environment() });
        assert.match(help.stdout, /npx entra-functions-bff/, name);
        assert.doesNotMatch(help.stdout, /npm (run|start)/, name);
      }
    }),
  );
});
