import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { it } from "node:test";
import { createClient, type Client } from "../../support/http-client.ts";
import { finishSignOut } from "../../support/sign-out.ts";
import { signIn } from "../../support/world.ts";
import { environment, npm, run, started, type Proof, type Running } from "./installed.ts";
import { mistakes, options, page } from "./type-samples.ts";

async function signOutInOtherApp(client: Client, { urlOf }: Running): Promise<void> {
  const other = urlOf("The other app");
  await client.navigate(`${other}/sign-in`);
  const signingOut = await client.navigate(`${other}/sign-out`, { method: "POST", headers: { origin: other } });
  const { frames } = await finishSignOut(client, signingOut);
  assert.deepEqual(
    frames.map(({ status }) => status),
    [200, 200],
  );
}

/** The app of docs/extending.md, which is all that is written by hand. */
export function threeLines(proof: Proof): void {
  it(
    "has the licences of the packages whose code is in the package",
    proof(async ({ threeLines: folder }) => {
      const file = join(folder, "node_modules/entra-functions-bff/THIRD-PARTY-NOTICES.txt");
      const notices = await readFile(file, "utf8");
      for (const name of ["@azure/msal-node", "@azure/cosmos", "@opentelemetry/core"]) {
        assert.match(notices, new RegExp(`^${name} \\S+: \\S`, "m"), name);
      }
    }),
  );

  it(
    "signs in, calls Graph and an API of its own, and answers 401 once the person has signed out in the other app",
    proof(async ({ threeLines: folder }) => {
      const app = await started(folder, "start");
      try {
        const client = createClient(app.url);
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
        await signOutInOtherApp(client, app);
        assert.equal((await client.fetch("/me/manager")).status, 401);
      } finally {
        await app.program.stop();
      }
      assert.doesNotMatch(app.program.written(), /Warning|Error/);
    }),
  );

  it(
    "passes the test of its function that the documentation shows, which signs a person in without a browser",
    proof(async ({ threeLines: folder }) => {
      const args = ["--test", "--test-reporter=tap", "test/manager.test.ts"];
      const { stdout } = await run(process.execPath, args, { cwd: folder, env: environment() }).catch(
        (error: unknown) => assert.fail((error as { stdout: string }).stdout),
      );
      assert.match(stdout, /^# pass 1$/m);
    }),
  );

  it(
    "is what a strict compiler takes, and cannot reach what is not public",
    proof(async ({ threeLines: folder }) => {
      await writeFile(join(folder, "functions/page.ts"), page);
      await writeFile(join(folder, "functions/options.ts"), options);
      await writeFile(join(folder, "functions/mistakes.ts"), mistakes);
      const compilerOptions = {
        strict: true,
        noEmit: true,
        module: "nodenext",
        lib: ["es2024", "dom"],
        types: ["node"],
      };
      const include = ["functions", "local", "test"];
      await writeFile(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, include }));
      await npm(folder, "exec", "--offline", "--", "tsc");
      for (const inside of ["dist/bff.cjs", "shared/app/app.ts", "functions/bff.ts"]) {
        const script = `import(${JSON.stringify(`entra-functions-bff/${inside}`)})`;
        await assert.rejects(run(process.execPath, ["-e", script], { cwd: folder }), /ERR_PACKAGE_PATH_NOT_EXPORTED/);
      }
    }),
  );
}
