import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { it } from "node:test";
import { startPlatform } from "@entra-functions-bff/development";
import { startAppInstance } from "@entra-functions-bff/functions-host/instance";
import { freePorts } from "../support/world.ts";

it("a machine with certificate authorities of its own runs the local platform all the same", async () => {
  const folder = await mkdtemp(join(tmpdir(), "bff-"));
  const ownAuthorities = join(folder, "company.pem");
  await writeFile(ownAuthorities, "");
  const ports = await freePorts();
  const platform = await startPlatform({ folder, ports, settings: { NODE_EXTRA_CA_CERTS: ownAuthorities } });
  const app = await startAppInstance({ appFolder: ".", port: ports.app, environment: platform.environment });
  const ready = await fetch(`${app.url}/readyz`);
  assert.equal(ready.status, 200, await ready.text());
  await app.stop();
  await platform.stop();
  await rm(folder, { recursive: true });
});
