import assert from "node:assert/strict";
import { chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import { delimiter, dirname, join } from "node:path";
import { it } from "node:test";
import { eventually } from "@entra-functions-bff/stand-in-kit/eventually";
import { startGraph } from "@entra-functions-bff/development/graph";
import { createClient } from "../../support/http-client.ts";
import { runProgram } from "../../support/program.ts";
import { createFakeFunc } from "../../tools/fake-func.ts";
import { command, environment, started, type Proof } from "./installed.ts";

const names = ["start", "dev", "doctor", "app-registration", "package", "deploy", "func"];
const packaged = [
  "dist/index.cjs",
  "dist/msal-node.cjs",
  "dist/storage-queue.cjs",
  "dist/telemetry-azure-monitor.cjs",
  "dist/telemetry-otlp.cjs",
  "dist/telemetry-sdk.cjs",
  "dist/web-assets.cjs",
  "host.json",
  "package.json",
];
const tenantId = "72f988bf-0000-4000-8000-2d7cd011db47";

/** Runs a command in the app's folder to its end. Programs in `onPath` come before those of this machine. */
async function ran(folder: string, args: readonly string[], onPath?: string) {
  const { PATH = "", ...others } = environment();
  const all = { ...others, PATH: onPath === undefined ? PATH : onPath + delimiter + PATH };
  return runProgram(command(folder), args, { folder, environment: all });
}

/** An Azure CLI at which somebody has signed in. */
async function fakeAzureCli(folder: string): Promise<string> {
  const path = join(folder, "fake-az");
  await mkdir(path);
  const token = { accessToken: "operator-token", expiresOn: "2099-01-01 00:00:00.000000", expires_on: 4_070_908_800 };
  await writeFile(join(path, "az"), `#!/bin/sh\necho '${JSON.stringify({ ...token, tenant: tenantId })}'\n`);
  await chmod(join(path, "az"), 0o755);
  return path;
}

export function commands(proof: Proof): void {
  it(
    "dev shows a change, and doctor finds everything fine that it can check",
    proof(async ({ threeLines: folder }) => {
      const app = await started(folder, "dev");
      try {
        const client = createClient(app.url);
        const source = join(folder, "functions/index.ts");
        await writeFile(source, (await readFile(source, "utf8")).replace("Contoso Orders", "Contoso Lamps"));
        await eventually("the change", async () => {
          const { body } = await client.fetch("/auth/logout", { headers: { accept: "text/html" } });
          return body.includes("Contoso Lamps");
        });
        let report = "";
        // On a busy machine, an endpoint may answer too late for the doctor.
        await eventually("a good report", async () => {
          const { code, output } = await ran(folder, ["doctor"]);
          report = output;
          return code === 0;
        }).catch(() => assert.fail(report));
        assert.match(report, /\d fine, /);
      } finally {
        await app.program.stop();
      }
    }),
  );

  it(
    "package and deploy publish the app with the Core Tools, and func runs it under them",
    proof(async ({ threeLines: folder }) => {
      const { output } = await ran(folder, ["package"]);
      for (const file of packaged) assert.ok(output.includes(file), output);
      await using func = await createFakeFunc();
      assert.equal((await ran(folder, ["deploy", "func-orders"], func.folder)).code, 0);
      const deployed = await func.call();
      assert.deepEqual(deployed.args.slice(0, 4), ["azure", "functionapp", "publish", "func-orders"]);
      assert.deepEqual(deployed.files, packaged);
      const run = await ran(folder, ["func"], func.folder);
      assert.equal(run.code, 0, run.errors);
      const { args, environment: given } = await func.call();
      assert.deepEqual(args, ["start", "--port", "7071"]);
      assert.match(given["DownstreamApis__orders__BaseUrl"] ?? "", /^http:\/\/127\.0\.0\.1:/);
    }),
  );

  it(
    "app-registration registers the app, with the operator's own sign-in",
    proof(async ({ threeLines: folder }) => {
      const graph = await startGraph({ port: 0, tenantId });
      try {
        const az = await fakeAzureCli(dirname(folder));
        const wanted = ["--base-url", "https://orders.example", "--name", "Contoso Orders", "--graph-url", graph.url];
        const { code, output, errors } = await ran(folder, ["app-registration", ...wanted], az);
        assert.equal(code, 0, output + errors);
        const [made] = graph.directory.applications.values();
        assert.deepEqual(made?.web.redirectUris, [
          "https://orders.example/auth/callback",
          "https://orders.example/auth/signed-out",
        ]);
      } finally {
        await graph.stop();
      }
    }),
  );

  it(
    "every command has help, by the names that the folder has for them",
    proof(async ({ threeLines: folder }) => {
      for (const name of names) {
        const help = await ran(folder, [name, "--help"]);
        assert.match(help.output, /npx entra-functions-bff/, name);
        assert.doesNotMatch(help.output, /npm (run|start)/, name);
      }
    }),
  );
}
