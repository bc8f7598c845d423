import assert from "node:assert/strict";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { before, describe, it, type TestContext } from "node:test";
import { format } from "prettier";
import { loadConfiguration } from "../../shared/configuration/configuration.ts";
import { compile, findCompiler, predict, samples, type Compiled, type Compiler } from "./compiler.ts";
import { environmentOf } from "./settings.ts";
import {
  at,
  generatorOf,
  predictionFiles,
  readPrediction,
  readTemplate,
  resourceOf,
  resourcesOf,
  templateFile,
  variants,
  withoutGenerator,
  type Prediction,
} from "./template.ts";

/** `UPDATE_INFRA=1` writes the committed copies anew. */
const update = process.env["UPDATE_INFRA"] === "1";

/** Fetching the compiler, and starting it on a busy machine, take their time. */
const patience = { timeout: 300_000 };

describe("infra/main.bicep, by the real compiler", () => {
  let found: Compiler | string;
  let compiled: Compiled;
  let predictions: readonly Prediction[];

  before(async () => {
    found = await findCompiler();
    if (typeof found === "string") return;
    const compiler = found;
    [compiled, ...predictions] = await Promise.all([
      compile(compiler),
      ...variants.map((variant) => predict(compiler, samples[variant])),
    ]);
    if (update) await writeCopies(compiled, predictions);
  }, patience);

  /** Says aloud that nothing was compiled. The other tests then rest on the committed copies alone. */
  function isCompiled(context: TestContext): boolean {
    if (typeof found !== "string") return true;
    context.diagnostic(`BICEP WAS NOT COMPILED: ${found}. Only the committed copies were checked.`);
    context.skip(`no Bicep compiler: ${found}`);
    return false;
  }

  it("compiles without errors and warnings", (context) => {
    if (!isCompiled(context)) return;
    assert.deepEqual(compiled.diagnostics, []);
    if (typeof found !== "string") context.diagnostic(`compiled with Bicep ${found.version}`);
  });

  for (const [index, variant] of variants.entries()) {
    it(`would deploy what ${predictionFiles[variant]} says (UPDATE_INFRA=1 writes it anew)`, async (context) => {
      if (!isCompiled(context)) return;
      assert.deepEqual(predictions[index], await readPrediction(variant));
    });
  }

  it("compiles to the committed template (UPDATE_INFRA=1 writes it anew)", async (context) => {
    if (!isCompiled(context)) return;
    const committed = await readTemplate();
    const made = generatorOf(compiled.template);
    const kept = generatorOf(committed);
    if (made !== kept) {
      context.diagnostic(`NOT COMPARED: ${templateFile} was made by Bicep ${kept}, and this is ${made}.`);
      context.skip("another compiler");
      return;
    }
    assert.deepEqual(withoutGenerator(compiled.template), withoutGenerator(committed));
  });

  it(
    "takes any name that azd takes, another tenant policy, custom domain, capacity and availability, and the app starts",
    patience,
    async (context) => {
      if (!isCompiled(context) || typeof found === "string") return;
      const environmentName = `Prod_1.(EU)-${"x".repeat(52)}`;
      const environment = {
        ...samples.public.environment,
        ENTRA_TENANT_ID: "organizations",
        ENTRA_ALLOWED_TENANTS: "55555555-5555-4555-8555-555555555555,66666666-6666-4666-8666-666666666666",
        AZURE_ENV_NAME: environmentName,
        CUSTOM_DOMAIN: "app.contoso.example",
        ALERT_EMAIL: "operator@contoso.example",
      };
      const extra = `
      param cosmosCapacityMode = 'Autoscale'
      param cosmosMaxThroughput = 4000
      param zoneRedundant = true
      param alwaysReadyInstances = 2
      param signOutScope = 'session'
      param downstreamApis = [
        { name: 'graph', baseUrl: 'https://graph.microsoft.com/v1.0', scopes: 'User.Read' }
        { name: 'orders', baseUrl: 'https://orders.contoso.example', scopes: 'api://orders/Orders.Read' }
      ]`;
      const other = await predict(found, { environment, extra });

      const configuration = loadConfiguration(environmentOf(other));
      assert.equal(configuration.publicBaseUrl, "https://app.contoso.example");
      assert.equal(configuration.azureAd.tenantId, "organizations");
      assert.equal(configuration.azureAd.allowedTenants.length, 2);
      assert.equal(configuration.signOut.scope, "session");
      assert.deepEqual([...configuration.downstreamApis.keys()], ["graph", "orders"]);
      assert.equal(other.outputs["logoutUrl"], "https://app.contoso.example/auth/frontchannel-logout");

      const account = resourceOf(other, "Microsoft.DocumentDB/databaseAccounts");
      assert.deepEqual(at(account, "properties.capabilities"), []);
      const database = resourceOf(other, "Microsoft.DocumentDB/databaseAccounts/sqlDatabases");
      assert.deepEqual(at(database, "properties.options"), { autoscaleSettings: { maxThroughput: 4000 } });
      const site = resourceOf(other, "Microsoft.Web/sites");
      const alwaysReady = at(site, "properties.functionAppConfig.scaleAndConcurrency.alwaysReady");
      assert.deepEqual(alwaysReady, [{ name: "http", instanceCount: 2 }]);
      const storage = resourceOf(other, "Microsoft.Storage/storageAccounts");
      assert.equal(at(storage, "sku.name"), "Standard_ZRS");
      assert.equal(site.tags?.["azd-env-name"], environmentName);
      for (const { name } of [account, site, resourceOf(other, "Microsoft.OperationalInsights/workspaces")]) {
        assert.match(name, /^[a-z][a-z0-9-]{1,41}[a-z0-9]$/);
      }
      const certificate = resourceOf(other, "Microsoft.Web/sites/certificates");
      assert.equal(at(certificate, "properties.canonicalName"), "app.contoso.example");
      const binding = resourceOf(other, "Microsoft.Web/sites/hostNameBindings", "/app.contoso.example");
      assert.equal(at(binding, "properties.sslState"), "SniEnabled");
      assert.match(String(at(binding, "properties.thumbprint")), /certificates\/app-contoso-example/);
      const group = resourceOf(other, "Microsoft.Insights/actionGroups");
      for (const rule of resourcesOf(other, "Microsoft.Insights/scheduledQueryRules")) {
        assert.deepEqual(at(rule, "properties.actions.actionGroups"), [group.id]);
      }
    },
  );

  it("refuses what does not go together, before anything is deployed", patience, async (context) => {
    if (!isCompiled(context) || typeof found === "string") return;
    const compiler = found;
    const refusal = async (environment: Readonly<Record<string, string>>, extra: string, says: RegExp) => {
      const parameters = { environment: { ...samples.public.environment, ...environment }, extra };
      await assert.rejects(predict(compiler, parameters), says);
    };
    const twoFronts = { CUSTOM_DOMAIN: "app.contoso.example", FRONT_DOOR_ID: "77777777-7777-4777-8777-777777777777" };
    await Promise.all([
      refusal({}, "param cosmosReadRegions = ['northeurope']", /cosmosReadRegions needs.*Autoscale/),
      refusal(twoFronts, "", /the custom domain belongs to Front Door/),
    ]);
  });
});

it("infra/ names no module of a remote registry, so that it compiles offline", async () => {
  const files = (await readdir("infra", { recursive: true })).filter((file) => /\.bicep(param)?$/.test(file));
  assert.ok(files.length > 5);
  for (const file of files) {
    const text = await readFile(join("infra", file), "utf8");
    assert.doesNotMatch(text, /'(br|ts)[/:]|^\s*(extension|provider)\s/m, file);
  }
});

async function writeCopies({ template }: Compiled, predictions: readonly Prediction[]): Promise<void> {
  const copies = new Map<string, unknown>([[templateFile, template]]);
  for (const [index, variant] of variants.entries()) copies.set(predictionFiles[variant], ordered(predictions[index]));
  for (const [file, copy] of copies) {
    await writeFile(file, await format(JSON.stringify(copy), { parser: "json", printWidth: 120 }));
  }
}

/** The compiler gives outputs in an order that changes from run to run. */
function ordered(prediction: Prediction | undefined): Prediction | undefined {
  return (
    prediction && {
      ...prediction,
      outputs: Object.fromEntries(Object.entries(prediction.outputs).sort(([a], [b]) => a.localeCompare(b))),
    }
  );
}
