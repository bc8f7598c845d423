import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { apiStandIns } from "../../tools/start/api-stand-ins.ts";

let folder: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "apis-"));
  await writeFile(join(folder, "package.json"), '{ "type": "module" }');
});
after(async () => rm(folder, { recursive: true }));

async function written(name: string, text: string): Promise<string> {
  await writeFile(join(folder, name), text);
  return join(folder, name);
}

test("an app without the file has no stand-ins of its own, and one that exports nothing neither", async () => {
  assert.deepEqual(await apiStandIns(join(folder, "missing.ts")), {});
  assert.deepEqual(Object.keys(await apiStandIns(await written("none.ts", "export {};\n"))), []);
});

test("each exported function stands in for the API of its name, and anything else is named as the mistake", async () => {
  const apis = await apiStandIns(await written("orders.ts", "export const orders = () => Response.json([17]);\n"));
  const answer = await apis["orders"]?.(new Request("http://localhost/open"), {});
  assert.deepEqual(await answer?.json(), [17]);
  const wrong = await written("wrong.ts", "export const orders = [17];\n");
  await assert.rejects(apiStandIns(wrong), /exports "orders", which is not a function/);
});
