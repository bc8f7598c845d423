import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { test } from "node:test";
import { clouds } from "../../shared/configuration/clouds.ts";

const file = "infra/clouds.json";

test("infra/clouds.json is the app's table of clouds (UPDATE_INFRA=1 writes it anew)", async () => {
  const rows = clouds.flatMap(({ authorityHosts, tokenExchangeAudience }) => {
    const row = { issuerHost: authorityHosts[0], tokenExchangeAudience };
    return authorityHosts.map((host) => [host, row] as const);
  });
  const text = `${JSON.stringify(Object.fromEntries(rows), undefined, 2)}\n`;
  if (process.env["UPDATE_INFRA"] === "1") await writeFile(file, text);
  assert.equal(await readFile(file, "utf8"), text);
});

test("docs/deploy.md has a row for each cloud", async () => {
  const page = await readFile("docs/deploy.md", "utf8");
  const rows = page.split("\n").filter((line) => line.includes("`api://AzureADTokenExchange"));
  assert.equal(rows.length, clouds.length);
  for (const [index, { authorityHosts, graphs, tokenExchangeAudience, portal }] of clouds.entries()) {
    const [, , instances = "", graph, audience, documentedPortal] =
      rows[index]?.split("|").map((cell) => cell.trim()) ?? [];
    assert.ok(
      instances.split(", ").every((host) => hostsOf(authorityHosts).split(", ").includes(host)),
      instances,
    );
    assert.equal(instances.startsWith(hostsOf([authorityHosts[0]])), true);
    assert.equal(graph, hostsOf(graphs));
    assert.equal(audience, `\`${tokenExchangeAudience}\``);
    assert.equal(documentedPortal, portal === undefined ? "" : hostsOf([portal]));
  }
});

function hostsOf(urls: readonly string[]): string {
  return urls.map((url) => `\`${url.replace("https://", "")}\``).join(", ");
}
