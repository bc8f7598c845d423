import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, describe, it } from "node:test";
import { manifestFile, manifestText, packageApp, type Manifest } from "../../tools/deploy/package.ts";

const built = [
  "dist/index.cjs",
  "dist/msal-node.cjs",
  "dist/storage-queue.cjs",
  "dist/telemetry-azure-monitor.cjs",
  "dist/telemetry-otlp.cjs",
  "dist/telemetry-sdk.cjs",
  "dist/web-assets.cjs",
];

describe("the folder that is published", () => {
  let parent: string;
  let folder: string;
  let manifest: Manifest;
  before(async () => {
    parent = await mkdtemp(join(tmpdir(), "package-"));
    folder = join(parent, "app");
    manifest = await packageApp(".", folder);
  });
  after(() => rm(parent, { recursive: true, force: true }));

  const filesIn = async () => {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    return entries.filter((entry) => !entry.isDirectory()).map((entry) => join(entry.parentPath, entry.name));
  };

  it("holds the bundle, what it loads when it needs it, host.json and package.json, and nothing else", async () => {
    const files = (await filesIn()).sort();
    assert.deepEqual(
      files,
      [...built, "host.json", "package.json"].map((file) => join(folder, file)),
    );
  });

  it("has the bundle, its parts and host.json as they are here", async () => {
    for (const file of [...built, "host.json"]) {
      assert.ok((await readFile(join(folder, file))).equals(await readFile(file)), file);
    }
  });

  it("has a package.json from which nothing would be installed, built or run", async () => {
    const text = await readFile(join(folder, "package.json"), "utf8");
    const { name, version, main } = JSON.parse(await readFile("package.json", "utf8")) as Record<string, unknown>;
    assert.deepEqual(JSON.parse(text), { name, version, main });
  });

  it("comes with a manifest of sizes and hashes, which lies beside it", async () => {
    assert.ok((await readdir(parent)).includes("app.manifest.json"));
    assert.deepEqual(JSON.parse(await readFile(manifestFile(folder), "utf8")), manifest);
    for (const { path, bytes, sha256 } of manifest.files) {
      const file = join(folder, path);
      assert.equal(bytes, (await stat(file)).size);
      assert.equal(
        sha256,
        createHash("sha256")
          .update(await readFile(file))
          .digest("hex"),
      );
    }
    assert.equal(
      manifest.totalBytes,
      manifest.files.reduce((sum, { bytes }) => sum + bytes, 0),
    );
    const text = manifestText(folder, manifest);
    for (const { path, sha256 } of manifest.files) assert.match(text, new RegExp(`${path} .*${sha256}`));
  });

  it("is listed in docs/deploy.md, file by file", async () => {
    const [, list = ""] = /^\.local\/package\n([\s\S]*?)\n```/m.exec(await readFile("docs/deploy.md", "utf8")) ?? [];
    const listed = list.split("\n").map((line) => line.trim().split(/ +/)[0]);
    assert.deepEqual(listed, [...manifest.files.map(({ path }) => path), "total"]);
  });

  it("has the front end in public/ and in folders that package.json names, without what is never served", async () => {
    const root = join(parent, "project");
    const files = {
      "package.json":
        '{ "name": "orders", "version": "1.0.0", "main": "dist/index.cjs", "files": ["site/", ".", "dist", ".."] }',
      "host.json": "{}",
      "dist/index.cjs": "",
      "public/index.html": "",
      "public/assets/app.js": "",
      "public/.env": "",
      "site/index.html": "",
      "functions/index.ts": "",
    };
    for (const [name, contents] of Object.entries(files)) {
      await mkdir(dirname(join(root, name)), { recursive: true });
      await writeFile(join(root, name), contents);
    }
    const { files: packaged } = await packageApp(root, join(parent, "packaged"));
    assert.deepEqual(packaged.map(({ path }) => path).sort(), [
      "dist/index.cjs",
      "host.json",
      "package.json",
      "public/assets/app.js",
      "public/index.html",
      "site/index.html",
    ]);
  });

  it("loses what was in it before", async () => {
    await writeFile(join(folder, "local.settings.json"), "{}");
    await packageApp(".", folder);
    assert.equal((await filesIn()).length, built.length + 2);
  });
});
