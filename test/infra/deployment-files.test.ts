import assert from "node:assert/strict";
import { access, readFile } from "node:fs/promises";
import { join } from "node:path";
import { before, describe, it } from "node:test";
import { packageFolder } from "../../tools/deploy/package.ts";
import { at, readPrediction, readTemplate, resourceOf } from "./template.ts";

describe("azure.yaml", () => {
  let text: string;
  before(async () => {
    text = await readFile("azure.yaml", "utf8");
  });

  it("names the service as the Function App is tagged, or azd would not find it", async () => {
    const site = resourceOf(await readPrediction(), "Microsoft.Web/sites");
    assert.match(text, new RegExp(`^services:\\n(?:\\s*#.*\\n)*  ${String(at(site, "tags.azd-service-name"))}:`, "m"));
  });

  it("has Azure build nothing, which takes a folder without a .funcignore", async () => {
    assert.match(text, /^ {4}remoteBuild: false$/m);
    const folder = /^ {4}project: (.*)$/m.exec(text)?.[1] ?? "";
    await access(`${folder}/package.json`);
    await assert.rejects(access(`${folder}/.funcignore`), { code: "ENOENT" });
  });
});

describe("azd and the workflow", () => {
  it("publish what npm run package puts together", async () => {
    const azd = await readFile("azure.yaml", "utf8");
    const workflow = await readFile(".github/workflows/deploy.yml", "utf8");
    for (const text of [azd, workflow]) assert.match(text, /\brun package$/m);
    const project = /^ {4}project: (.*)$/m.exec(azd)?.[1] ?? "";
    assert.equal(join(project, /^ {4}dist: (.*)$/m.exec(azd)?.[1] ?? ""), packageFolder);
    assert.equal(/^ {10}path: (.*)$/m.exec(workflow)?.[1], packageFolder);
  });
});

describe("the workflow for a fork", () => {
  let text: string;
  before(async () => {
    text = await readFile(".github/workflows/deploy.yml", "utf8");
  });

  it("uses no secret", () => {
    assert.doesNotMatch(text, /secrets\.|publish-profile|creds:/);
  });

  it("has no permission by default, and the token for Azure only where it deploys", () => {
    assert.match(text, /^permissions: \{\}$/m);
    const [packaging = "", deploying = ""] = text.split(/^ {2}deploy:$/m);
    assert.deepEqual(granted(packaging), ["contents: read"]);
    assert.deepEqual(granted(deploying), ["id-token: write", "actions: read"]);
  });

  it("pins every action by its commit, with the version beside it", () => {
    const actions = [...text.matchAll(/uses: (.+)/g)].map(([, action]) => action ?? "");
    assert.ok(actions.length > 4);
    for (const action of actions) assert.match(action, /^[\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
  });

  it("asks the app whether it is ready after it has published", () => {
    const [, after = ""] = text.split("functions-action@");
    assert.match(after, /curl --fail.* "\$BASE_URL\/readyz"$/m);
  });

  it("rolls back: publishes the package of an earlier run, and packages nothing then", () => {
    const [packaging = "", deploying = ""] = text.split(/^ {2}deploy:$/m);
    assert.match(packaging, /^ {4}if: \$\{\{ !inputs\.run \}\}$/m);
    assert.match(deploying, /^ {4}if: \$\{\{ !failure\(\) && !cancelled\(\) && vars\.FUNCTION_APP != '' \}\}$/m);
    assert.match(deploying, /^ {10}run-id: \$\{\{ inputs\.run \|\| github\.run_id \}\}$/m);
  });
});

describe("docs/deploy.md", () => {
  it("names every parameter", async () => {
    const text = await readFile("docs/deploy.md", "utf8");
    const { parameters } = await readTemplate();
    for (const name of Object.keys(parameters)) assert.ok(text.includes(`\`${name}\``), name);
  });

  it("names every variable that the parameters file reads", async () => {
    const text = await readFile("docs/deploy.md", "utf8");
    const parametersFile = await readFile("infra/main.bicepparam", "utf8");
    const variables = [...parametersFile.matchAll(/readEnvironmentVariable\('(\w+)'/g)].map(([, name]) => name ?? "");
    assert.ok(variables.length > 4);
    for (const name of variables) assert.ok(text.includes(`\`${name}\``), name);
  });
});

/** What a job's `permissions` grant. */
function granted(job: string): readonly string[] {
  return [...job.matchAll(/^ {6}([a-z-]+: (?:read|write))$/gm)].map(([, permission]) => permission ?? "");
}
