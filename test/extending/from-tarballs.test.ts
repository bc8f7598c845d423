import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe } from "node:test";
import { commands } from "./tarballs/commands.ts";
import { createdApps } from "./tarballs/created.ts";
import { installFromTarballs, type Installed, type Proof } from "./tarballs/installed.ts";
import { threeLines } from "./tarballs/three-lines.ts";
import { upgrade } from "./tarballs/upgrade.ts";

// The installation alone takes minutes on a busy machine.
describe("an app from the packages' tarballs, in a folder of its own", { timeout: 15 * 60_000 }, () => {
  let root: string;
  let installed: Installed | undefined;
  before(async () => {
    root = await mkdtemp(join(tmpdir(), "bff-adopter-"));
    installed = await installFromTarballs(root);
  });
  after(async () => rm(root, { recursive: true, force: true }));

  const proof: Proof = (prove) => async (test) => {
    if (installed) await prove(installed, test);
    else test.skip("what the packages depend on is neither cached nor to be had");
  };
  createdApps(proof);
  threeLines(proof);
  commands(proof);
  // Last, because it upgrades what all share.
  upgrade(proof);
});
