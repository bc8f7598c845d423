import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startPlatform, type Platform } from "../src/platform.ts";

// Browsers ask every host for it, and log an error in the console where there is none.
describe("a tab shows an icon, and the console no 404, at", () => {
  let folder: string;
  let platform: Platform;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "platform-"));
    // 0 picks a free one.
    const ports = { app: 0, identityProvider: 0, identityProviderTls: 0, cosmos: 0, downstreamApi: 0, secondApp: 0 };
    platform = await startPlatform({ folder, ports });
  });
  after(async () => {
    await platform.stop();
    await rm(folder, { recursive: true });
  });

  const parts: readonly (readonly [name: string, origin: (platform: Platform) => string | undefined])[] = [
    ["the identity provider", ({ identityProvider }) => identityProvider?.publicUrl],
    ["the second app", ({ secondApp }) => secondApp?.url],
    ["the Cosmos DB endpoint", ({ cosmos }) => cosmos?.url],
    ["the downstream API", ({ downstreamApi }) => downstreamApi?.url],
    ["the directory of Graph", ({ graph }) => graph?.url],
  ];
  for (const [name, origin] of parts) {
    it(name, async () => {
      const url = new URL("/favicon.ico", origin(platform));
      const answer = await fetch(url);
      assert.equal(answer.status, 200);
      assert.equal(answer.headers.get("content-type"), "image/svg+xml");
      assert.match(await answer.text(), /^<svg /);
      assert.equal((await fetch(url, { method: "HEAD" })).status, 200);
      const policy = (await fetch(new URL("/", url), { headers: { accept: "text/html" } })).headers.get(
        "content-security-policy",
      );
      assert.match(policy ?? "img-src 'self'", /img-src 'self'/);
    });
  }
});
