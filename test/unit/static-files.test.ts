import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, describe, test } from "node:test";
import { brotliDecompressSync, gunzipSync, gzipSync } from "node:zlib";
import type { HttpMethod } from "@azure/functions";
import { notFound } from "../../functions/not-found.ts";
import { ConfigurationError } from "../../shared/configuration/configuration.ts";
import { hasHashInName } from "../../shared/http/hashed-name.ts";
import { staticFilesIn } from "../../shared/http/static-files.ts";
import type { App } from "../../shared/app/app.ts";
import { testApp } from "./support/app.ts";
import { call, type Exchange } from "./support/http.ts";

const navigation = { accept: "text/html,*/*;q=0.8", "sec-fetch-mode": "navigate" };
const page = "<title>Orders</title>";
const script = "export const orders = [];\n".repeat(50);
const hashed = "assets/index-BfE3z1xK.js";

const publicFiles: Readonly<Record<string, string | Buffer>> = {
  "index.html": page,
  "about.html": "<title>About</title>",
  "help/index.html": "<title>Help</title>",
  [hashed]: script,
  "logo.svg": "<svg/>",
  "données/prix.txt": "12 €",
  "packed.js": "packed()",
  "packed.js.gz": gzipSync("packed()", { level: 1 }),
  ".well-known/security.txt": "Contact: mailto:security@contoso.example",
};
const hidden = { ".env": "secret", ".git/config": "secret", "a/.htpasswd": "secret" };

const textOf = ({ response: { body } }: Exchange) => (body as Buffer).toString();
const statusOf = ({ response: { status } }: Exchange) => status ?? 200;

describe("the files of an app's own front end", () => {
  let parent: string;
  let folder: string;
  let app: App;
  before(async () => {
    parent = await mkdtemp(join(tmpdir(), "files-"));
    folder = join(parent, "public");
    await writeAll(folder, { ...publicFiles, ...hidden });
    await writeFile(join(parent, "outside.txt"), "secret");
    await symlink(join(parent, "outside.txt"), join(folder, "link.txt"));
    await symlink(parent, join(folder, "linked"));
    app = { ...testApp(), files: staticFilesIn(folder) };
  });
  after(() => rm(parent, { recursive: true, force: true }));

  const get = async (
    path: string,
    headers: Record<string, string> = {},
    method: HttpMethod = "GET",
  ): Promise<Exchange> => {
    return call(app, notFound, { path, headers, method });
  };

  test("come with their types, the policy of a page, and a tag to revalidate them by", async () => {
    for (const [path, type] of [
      ["/", "text/html; charset=utf-8"],
      ["/logo.svg", "image/svg+xml; charset=utf-8"],
      ["/donn%C3%A9es/prix.txt", "text/plain; charset=utf-8"],
      ["/.well-known/security.txt", "text/plain; charset=utf-8"],
    ] as const) {
      const { headers } = await get(path);
      assert.deepEqual([headers["content-type"], headers["cache-control"]], [type, "no-cache"], path);
      assert.match(headers["content-security-policy"] ?? "", /script-src 'self'.*frame-ancestors 'none'/);
      assert.equal(headers["x-content-type-options"], "nosniff");
      const etag = headers["etag"] ?? "";
      for (const tags of [etag, `W/${etag}`, `"other", ${etag}`]) {
        assert.equal(statusOf(await get(path, { "if-none-match": tags })), 304, tags);
      }
      assert.equal(statusOf(await get(path, { "if-none-match": '"other"' })), 200);
    }
  });

  test("are kept by browsers for a year only where the name changes with the contents", async () => {
    const { headers } = await get(`/${hashed}`);
    assert.equal(headers["cache-control"], "public, max-age=31536000, immutable");
    for (const name of ["main.3f2a1b9c.css", "chunk-7XQ2LM4A.js", "index-a_B-9xKz.js.map"]) {
      assert.equal(hasHashInName(name), true, name);
    }
    for (const name of [
      "page-OrderList.js",
      "icon-1024x1024.png",
      "report-20261201.pdf",
      "jquery-3.6.0.min.js",
      "bootstrap-component.js",
      "BfE3z1xK.js",
    ]) {
      assert.equal(hasHashInName(name), false, name);
    }
  });

  test("are compressed as the browser takes it, each form with a tag of its own", async () => {
    const forms = await Promise.all(
      ["gzip, deflate, br", "gzip", "br;q=0", ""].map((accepted) => get(`/${hashed}`, { "accept-encoding": accepted })),
    );
    const [br, gzip] = forms.map(({ response: { body } }) => body as Buffer);
    assert.ok(br && gzip && br.length < script.length / 10);
    assert.deepEqual([brotliDecompressSync(br).toString(), gunzipSync(gzip).toString()], [script, script]);
    assert.deepEqual(
      forms.map(({ headers }) => headers["content-encoding"]),
      ["br", "gzip", undefined, undefined],
    );
    assert.equal(new Set(forms.map(({ headers }) => headers["etag"])).size, 3);
    assert.ok(forms.every(({ headers }) => headers["vary"] === "accept-encoding"));
  });

  test("are sent as they were compressed beforehand, and the compressed copy has no address", async () => {
    const { response } = await get("/packed.js", { "accept-encoding": "gzip" });
    assert.deepEqual(response.body, publicFiles["packed.js.gz"]);
    assert.equal(statusOf(await get("/packed.js.gz")), 404);
  });

  test("are also found without .html, and the page where only its script knows the address", async () => {
    for (const path of ["/about", "/about.html"]) assert.equal(textOf(await get(path)), "<title>About</title>", path);
    for (const path of ["/help", "/help/", "/help/index.html"])
      assert.equal(textOf(await get(path)), "<title>Help</title>", path);
    for (const path of ["/orders/17", "/orders/17?tab=1", "/index.html", "/"]) {
      assert.equal(textOf(await get(path, navigation)), page, path);
    }
  });

  test("are not invented: a program, a missing file and the app's own addresses get 404", async () => {
    assert.equal(statusOf(await get("/orders/17", { accept: "application/json" })), 404);
    for (const path of ["/missing.js", "/auth/nowhere", "/API/nowhere", "/assets/nowhere", "/orders/17.pdf"]) {
      assert.equal(statusOf(await get(path, navigation)), 404, path);
    }
    assert.equal(statusOf(await get("/logo.svg", navigation, "POST")), 404);
  });

  test("are all that can be had, whatever the address is disguised as", async () => {
    const ways = [
      "../",
      "%2e%2e/",
      "..%2f",
      "%2e%2e%2f",
      "..%5c",
      String.raw`..\\`,
      ".%2e/",
      "%252e%252e%252f",
      "..%00/",
    ];
    const paths = ways.flatMap((way) => [`/${way}outside.txt`, `/help/${way}${way}outside.txt`]);
    const others = ["/.env", "/%2eenv", "/.git/config", "/a/.htpasswd", "/link.txt", "/linked/outside.txt"];
    for (const path of [...paths, ...others]) {
      const exchange = await get(path, navigation);
      assert.equal(statusOf(exchange), 404, path);
      assert.doesNotMatch(JSON.stringify(exchange.body), /secret/);
    }
    for (const path of ["/%", "/%ff", "/%00"]) assert.equal(await get(path, navigation).then(textOf), page, path);
  });

  test("must be a folder of its own with a page in it, and nothing that would have no address", async () => {
    const unfit: readonly [given: string, says: RegExp][] = [
      [join(parent, "nowhere"), /files: names the folder ".*nowhere", which is not in the app's folder/],
      [process.cwd(), /contains the app itself/],
      [dirname(process.cwd()), /contains the app itself/],
      [await folderOf("pageless", { "app.js": "" }), /has no index\.html/],
      [await folderOf("taken", { "index.html": "", "auth/me": "" }), /has auth\/me, whose address belongs to the app/],
      [await folderOf("module", { "index.html": "", "assets/auth.js": "" }), /has assets\/auth\.js, whose/],
    ];
    for (const [given, says] of unfit) {
      assert.throws(
        () => staticFilesIn(given),
        (error) => error instanceof ConfigurationError && says.test(error.message),
      );
    }
  });

  const folderOf = async (name: string, files: Readonly<Record<string, string>>) => {
    await writeAll(join(parent, name), files);
    return join(parent, name);
  };
});

async function writeAll(folder: string, files: Readonly<Record<string, string | Buffer>>): Promise<void> {
  for (const [name, contents] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), contents);
  }
}
