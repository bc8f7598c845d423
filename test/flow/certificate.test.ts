import assert from "node:assert/strict";
import { test } from "node:test";
import { pair, selfSigned } from "../unit/support/certificate.ts";
import { signIn, startWorld } from "../support/world.ts";

test("an app that proves itself with a certificate signs people in and calls APIs for them", async () => {
  const certificate = selfSigned();
  const credential = "AzureAd__ClientCredentials__0__";
  const world = await startWorld({
    registration: { certificate },
    environment: {
      [`${credential}SourceType`]: "Certificate",
      [`${credential}ClientSecret`]: "",
      [`${credential}Certificate`]: certificate + pair.privateKey,
    },
  });
  try {
    const client = world.client();
    await signIn(client, "ada@contoso.example", "/healthz");
    assert.equal((await client.fetch("/api/graph/me")).status, 200);
  } finally {
    await world.stop();
  }
});
