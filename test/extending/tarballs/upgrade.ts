import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { it } from "node:test";
import { createClient, type Client } from "../../support/http-client.ts";
import { signIn } from "../../support/world.ts";
import { installOptions, npm, started, type Proof } from "./installed.ts";
import { nextVersion } from "./next-version.ts";

const own = { "sec-fetch-site": "same-origin" };

/** What a signed-in person gets of the app's own: its page, its function, its API. */
async function answers(client: Client): Promise<readonly string[]> {
  const paths = ["/", "/me/profile", "/api/orders/open"];
  const all = await Promise.all(paths.map(async (path) => client.fetch(path, { headers: own })));
  return all.map(({ status, body }) => `${status} ${body}`);
}

export function upgrade(proof: Proof): void {
  it(
    "an upgrade is a higher version number: own page, function and API stay as they were, and people stay signed in",
    proof(async ({ created, tarballs }) => {
      const folder = created("react");
      await writeFile(join(folder, "local/apis.ts"), "export const orders = () => Response.json([17]);\n");
      const first = await started(folder, "start");
      const client = createClient(first.url);
      await signIn(client, "ada@contoso.example", "/healthz");
      const before = await answers(client);
      await first.program.stop();
      const [page = "", profile = "", orders = ""] = before;
      assert.match(page, /^200 [^]*<title>With React</);
      assert.match(profile, /^200 .*Ada Lindqvist/);
      assert.equal(orders, "200 [17]");

      await npm(folder, "install", ...installOptions, ...(await nextVersion(tarballs)));
      assert.match(await npm(folder, "ls", "entra-functions-bff"), /entra-functions-bff@0\.2\.0/);
      const second = await started(folder, "start", first.port);
      try {
        assert.deepEqual(await answers(client), before);
      } finally {
        await second.program.stop();
      }
    }),
  );
}
