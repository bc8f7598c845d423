import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { startWorld, type World } from "../../../test/support/world.ts";

// Browsers ask every host for it, and log an error in the console where there is none.
describe("a tab shows an icon, and the console no 404, at", () => {
  let world: World;
  before(async () => {
    world = await startWorld();
  });
  after(() => world.stop());

  const parts: readonly (readonly [name: string, origin: (world: World) => string | undefined])[] = [
    ["the identity provider", ({ identityProvider }) => identityProvider.publicUrl],
    ["the second app", ({ secondApp }) => secondApp.url],
    ["the Cosmos DB endpoint", ({ cosmos }) => cosmos.url],
    ["the downstream API", ({ downstreamApi }) => downstreamApi.url],
    ["the directory of Graph", ({ platform }) => platform.graph?.url],
  ];
  for (const [name, origin] of parts) {
    it(name, async () => {
      const url = new URL("/favicon.ico", origin(world));
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
