import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { startPlatform } from "../src/platform.ts";
import { freePort, isFree } from "@entra-functions-bff/stand-in-kit/ports";

const listening = ["identityProvider", "identityProviderTls", "cosmos", "downstreamApi", "secondApp"] as const;

describe("a platform of which one part cannot start", () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "bff-platform-"));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  for (const taken of listening) {
    it(`stops every other part: the port for ${taken} is taken`, async () => {
      const numbers = await Promise.all(listening.map(freePort));
      const [identityProvider = 0, identityProviderTls = 0, cosmos = 0, downstreamApi = 0, secondApp = 0] = numbers;
      const ports = { app: 0, identityProvider, identityProviderTls, cosmos, downstreamApi, secondApp };
      const server = createServer().listen(ports[taken], "127.0.0.1");
      await once(server, "listening");
      try {
        await assert.rejects(startPlatform({ folder, ports }), { code: "EADDRINUSE" });
        const others = listening.filter((name) => name !== taken);
        for (const name of others) assert.ok(await isFree(ports[name]), `${name} still listens`);
      } finally {
        server.close();
      }
    });
  }
});
