import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, beforeEach, describe, it } from "node:test";
import { startWorld, type World } from "../support/world.ts";
import { assertLine, doctor, doctorOf } from "./doctor-harness.ts";

describe("npm run doctor, in a fresh clone", () => {
  let clone: string;
  beforeEach(async () => {
    clone = await mkdtemp(join(tmpdir(), "clone-"));
  });

  it("says that nothing runs here and what to do, instead of naming every setting that is missing", async () => {
    const report = await doctor([], {}, clone);
    assertLine(report, "Settings", "–", /nothing runs here.*npm start.*docs\/configuration\.md.*--url/);
    assert.equal(report.output.includes("✗"), false, report.output);
    assert.equal(report.errors, "");
    assert.equal(report.exitCode, 1);
    await rm(clone, { recursive: true });
  });

  it("names what is missing as soon as anything is given", async () => {
    const report = await doctor([], { PublicBaseUrl: "https://app.example" }, clone);
    assert.ok(report.of("Settings").some(({ sign, text }) => sign === "✗" && text.startsWith("AzureAd__TenantId")));
    assert.equal(report.exitCode, 1);
    await rm(clone, { recursive: true });
  });
});

describe("npm run doctor, beside an npm start that it is not asked about", () => {
  let world: World;
  let folder: string;
  before(async () => {
    world = await startWorld();
    folder = await mkdtemp(join(tmpdir(), "clone-"));
    await mkdir(join(folder, ".local"));
    // What another platform has left: settings of its own, and a certificate authority that did not make this one's.
    await writeFile(join(folder, "other.pem"), "");
    const values = { PublicBaseUrl: "http://localhost:1", NODE_EXTRA_CA_CERTS: join(folder, "other.pem") };
    const others = {
      ...world.platform.environment,
      ...values,
      AzureAd__TenantId: "no tenant",
      GRAPH_URL: "http://[::1]:1",
    };
    await writeFile(join(folder, ".local", "settings.json"), JSON.stringify({ Values: others }));
  });
  after(async () => {
    await world.stop();
    await rm(folder, { recursive: true });
  });

  const trusting = () => ({ NODE_EXTRA_CA_CERTS: world.platform.environment["NODE_EXTRA_CA_CERTS"] });

  it("looks at the settings that it is given, and trusts whom its caller says", async () => {
    const report = await doctor(["--settings", `${world.folder}/settings.json`], trusting(), folder);
    assertLine(report, "Settings", "✓", /complete/);
    for (const name of ["Identity provider", "Client credential", "App"]) assertLine(report, name, "✓", /./);
    assert.deepEqual(report.output, (await doctorOf(world)).output);
  });

  it("looks at the deployment that it is given", async () => {
    const graph = world.platform.graph?.url ?? "";
    const report = await doctor(["--url", world.publicBaseUrl, "--graph-url", graph], trusting(), folder);
    for (const name of ["App", "Sign-in", "Identity provider", "App registration"]) assertLine(report, name, "✓", /./);
  });

  it("is not kept from a deployment by settings here that cannot be read", async () => {
    const broken = await mkdtemp(join(tmpdir(), "clone-"));
    await writeFile(join(broken, "local.settings.json"), "{");
    const report = await doctor(["--url", world.publicBaseUrl], trusting(), broken);
    assertLine(report, "App", "✓", /./);
    assert.equal((await doctor([], {}, broken)).exitCode, 2);
    await rm(broken, { recursive: true });
  });
});
