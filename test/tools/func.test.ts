import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join, relative, resolve } from "node:path";
import { describe, it } from "node:test";
import { deploy as deployHere } from "../../tools/deploy/deploy.ts";
import { runUnderFunc } from "../../tools/start/func.ts";
import { runProgram, type Ended } from "../support/program.ts";
import { freePorts } from "../support/world.ts";
import { createFakeFunc } from "./fake-func.ts";

/** With nothing else on the PATH. */
const onPath = (...folders: readonly string[]) => ({
  environment: { PATH: folders.join(delimiter), HOME: process.env["HOME"] },
});

function deploy(args: readonly string[], folders: readonly string[]): Promise<Ended> {
  return runProgram("tools/deploy/deploy-main.ts", args, onPath(...folders));
}

/** The whole of what is deployed. */
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

describe("npm run deploy", () => {
  it("publishes the packaged folder with the Core Tools, and has nothing built", async () => {
    await using func = await createFakeFunc();
    const { code, output, errors } = await deploy(
      ["func-production-abc123", "--subscription", "contoso"],
      [func.folder],
    );
    assert.equal(code, 0, errors);
    const { args, files } = await func.call();
    const publish = ["azure", "functionapp", "publish", "func-production-abc123"];
    assert.deepEqual(args, [...publish, "--javascript", "--no-build", "--subscription", "contoso"]);
    assert.deepEqual(files, packaged);
    assert.match(output, /dist\/index\.cjs .* [0-9a-f]{64}\n/);
  });

  it("ends as the Core Tools end", async () => {
    await using func = await createFakeFunc(7);
    assert.equal((await deploy(["func-production-abc123"], [func.folder])).code, 7);
  });

  it("says what to install where the Core Tools are missing", async () => {
    const { code, errors } = await deploy(["func-production-abc123"], [resolve("docs")]);
    assert.equal(code, 3);
    assert.match(errors, /Azure Functions Core Tools are missing/);
    assert.match(errors, /azure-functions-core-tools@4/);
  });

  it("publishes the package before the last one again with --previous, and then the last one again", async () => {
    await using func = await createFakeFunc();
    const root = await mkdtemp(join(tmpdir(), "deploy-"));
    await mkdir(join(root, "dist"));
    await writeFile(
      join(root, "package.json"),
      JSON.stringify({ name: "app", version: "1.0.0", main: "dist/index.cjs" }),
    );
    await writeFile(join(root, "host.json"), "{}");
    const printed: string[] = [];
    const run = (...options: readonly string[]) =>
      deployHere(["app", ...options], {
        ...onPath(func.folder),
        root,
        folder: join(root, ".local"),
        print: (text) => printed.push(text),
        printError: (text) => printed.push(text),
      });
    const publish = async (bundle: string) => {
      await writeFile(join(root, "dist/index.cjs"), bundle);
      return run();
    };
    const published = async () => (await func.call()).bundle;

    assert.equal(await run("--previous"), 4);
    assert.equal(await publish("one"), 0);
    assert.equal(await run("--previous"), 4, "nothing was published before");
    assert.match(printed.at(-1) ?? "", /no previous package/);
    assert.equal(await publish("two"), 0);
    assert.equal(await publish("two"), 0);
    for (const expected of ["one", "two", "one"]) {
      assert.equal(await run("--previous"), 0);
      assert.equal(await published(), expected);
    }
    assert.deepEqual((await func.call()).files, ["dist/index.cjs", "host.json", "package.json"]);
    await rm(root, { recursive: true });
  });

  it("keeps no package that the Core Tools could not publish", async () => {
    await using func = await createFakeFunc(7);
    const folder = await mkdtemp(join(tmpdir(), "deploy-"));
    const on = { ...onPath(func.folder), root: ".", folder, print: () => {}, printError: () => {} };
    for (const expected of [7, 7]) assert.equal(await deployHere(["app"], on), expected);
    assert.equal(await deployHere(["app", "--previous"], on), 4);
    await rm(folder, { recursive: true });
  });

  for (const [what, args] of [
    ["no name", []],
    ["an option in place of the name", ["--subscription"]],
    ["a slot, which the plan does not have", ["app", "--slot=staging"]],
    ["a name that a shell would take apart", ["app;reboot"]],
    ["an option that a shell would take apart", ["app", "--subscription", "a b"]],
  ] as const) {
    it(`says how it is used when given ${what}, and calls nothing`, async () => {
      await using func = await createFakeFunc();
      const { code, errors } = await deploy(args, [func.folder]);
      assert.equal(code, 2);
      assert.match(errors, /Usage: npm run deploy/);
      await assert.rejects(func.call(), { code: "ENOENT" });
    });
  }
});

describe("npm run start:func", () => {
  it("runs the packaged folder under the Core Tools, with the local parts around it", async () => {
    await using func = await createFakeFunc(5);
    const folder = await mkdtemp(join(tmpdir(), "start-func-"));
    const ports = { ...(await freePorts()), queueStorage: 0 };
    const code = await runUnderFunc({
      root: ".",
      packageFolder: join(folder, "package"),
      dataFolder: join(folder, "data"),
      ports,
      settings: {},
      environment: { PATH: func.folder },
      printError: assert.fail,
    });
    assert.equal(code, 5);
    const { args, files, environment } = await func.call();
    assert.deepEqual(args, ["start", "--port", String(ports.app)]);
    assert.deepEqual(files, packaged);
    assert.equal(environment["FUNCTIONS_WORKER_RUNTIME"], "node");
    assert.equal(environment["PublicBaseUrl"], `http://localhost:${ports.app}`);
    assert.match(environment["CosmosDb"] ?? "", new RegExp(`^AccountEndpoint=http://[^;]*:${ports.cosmos}`));
    assert.match(environment["AzureAd__Instance"] ?? "", new RegExp(`:${ports.identityProviderTls}/`));
    assert.match(environment["AzureWebJobsStorage"] ?? "", /;QueueEndpoint=http:\/\/127\.0\.0\.1:/);
    assert.doesNotMatch(environment["AzureWebJobsStorage"] ?? "", /core\.windows\.net/);
    await rm(folder, { recursive: true });
  });

  for (const whose of ["", "the person's own certificate authorities and "]) {
    it(`lets the worker, which runs in another folder, find ${whose}the local one`, async () => {
      await using func = await createFakeFunc();
      const folder = await mkdtemp(join(tmpdir(), "start-func-"));
      const own = join(folder, "own-authority.pem");
      await writeFile(own, "-----BEGIN CERTIFICATE-----\nown\n-----END CERTIFICATE-----\n");
      const settings = whose === "" ? {} : { NODE_EXTRA_CA_CERTS: relative(".", own) };
      // As the command names it: from the project's folder.
      const dataFolder = relative(".", join(folder, "data"));
      const ports = { ...(await freePorts()), queueStorage: 0 };
      const packageFolder = join(folder, "package");
      const environment = { PATH: func.folder, ...settings };
      const all = { root: ".", packageFolder, dataFolder, ports, settings, environment, printError: assert.fail };
      assert.equal(await runUnderFunc(all), 0);
      const { trusted = "" } = await func.call();
      assert.match(trusted, /BEGIN CERTIFICATE[^]*END CERTIFICATE/);
      assert.equal(trusted.includes("own"), whose !== "");
      await rm(folder, { recursive: true });
    });
  }

  it("lets the worker find the person's own certificate authorities where the identity provider is real", async () => {
    await using func = await createFakeFunc();
    const folder = await mkdtemp(join(tmpdir(), "start-func-"));
    const own = join(folder, "own-authority.pem");
    await writeFile(own, "own");
    const settings = {
      NODE_EXTRA_CA_CERTS: relative(".", own),
      AzureAd__TenantId: "organizations",
      AzureWebJobsStorage: "real",
    };
    const all = { root: ".", packageFolder: join(folder, "package"), dataFolder: join(folder, "data"), settings };
    const environment = { PATH: func.folder };
    const code = await runUnderFunc({ ...all, ports: await freePorts(), environment, printError: assert.fail });
    assert.equal(code, 0);
    assert.equal((await func.call()).trusted, "own");
    await rm(folder, { recursive: true });
  });

  it("says what to install where the Core Tools are missing, and starts nothing", async () => {
    const { code, errors } = await runProgram("tools/start/start-func.ts", [], onPath(resolve("docs")));
    assert.equal(code, 3);
    assert.match(errors, /Azure Functions Core Tools are missing/);
  });
});
