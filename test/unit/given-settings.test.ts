import assert from "node:assert/strict";
import { after, test } from "node:test";
import { hostSettings } from "../../shared/configuration/host-settings.ts";
import { settings, type Setting } from "../../shared/configuration/settings.ts";
import { givenSettings } from "../../tools/start/given-settings.ts";

const listed: readonly Setting[] = [...Object.values(settings), ...Object.values(hostSettings)];
const names = listed.map(({ name }) => name.replace("<name>", "orders").replace("<Name>", "Api_Key"));

after(() => {
  for (const name of [...names, "Session__IdelTimeoutMinutes", "Unrelated"]) delete process.env[name];
});

test("the app that runs here gets every setting of the environment, also a misspelt one, and nothing else", async () => {
  for (const name of [...names, "Session__IdelTimeoutMinutes", "Unrelated"]) process.env[name] = "given";
  const given = await givenSettings();
  assert.deepEqual(
    [...names, "Session__IdelTimeoutMinutes"].filter((name) => given[name] === undefined),
    [],
  );
  assert.equal(given["Unrelated"], undefined);
});
