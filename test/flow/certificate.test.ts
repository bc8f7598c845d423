import assert from "node:assert/strict";
import { test } from "node:test";
import { pair, selfSigned } from "../unit/support/certificate.ts";
import { eventsIn } from "../support/log.ts";
import { signIn, startWorld } from "../support/world.ts";

test("an app that proves itself with a certificate signs people in and calls APIs for them", async () => {
  const certificate = selfSigned();
  const credential = "AzureAd__ClientCredentials__0__";
  const world = await startWorld({
    registration: { certificate },
    environment: {
      [`${credential}SourceType`]: "Certificate",
      [`${credential}ClientSecret`]: "",
      [`${credential}ClientSecretExpires`]: "",
      [`${credential}Certificate`]: certificate + pair.privateKey,
    },
  });
  try {
    const client = world.client();
    await signIn(client, "ada@contoso.example", "/healthz");
    assert.equal((await client.fetch("/api/graph/me")).status, 200);
    // This one ends tomorrow.
    const told = { event: "credential_expires_soon", kind: "certificate", days: 0 };
    assert.deepEqual(eventsIn(world.log(), "credential_expires_soon"), [told]);
    const warnings = (await client.fetch("/readyz")).json()["warnings"] as { code: string }[];
    assert.deepEqual(
      warnings.map(({ code }) => code),
      ["credential_expires_soon"],
    );
  } finally {
    await world.stop();
  }
});
