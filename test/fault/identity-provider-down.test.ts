import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { loadOrCreateCertificates } from "@entra-functions-bff/identity-provider/certificate";
import { startIdentityProvider, type IdentityProvider } from "@entra-functions-bff/identity-provider";
import { inTime } from "../support/assertions.ts";
import type { Client } from "../support/http-client.ts";
import { accountDocument } from "../support/store.ts";
import { sessionOf, signIn, startWorld, type World } from "../support/world.ts";
import {
  assertNotSignedIn,
  assertSignedOut,
  assertUnavailable,
  callApi,
  login,
  returning,
  signedIn,
  type Returning,
} from "./identity-provider/trouble.ts";

const [ada, bruno, zoe] = ["ada@contoso.example", "bruno@contoso.example", "zoe@contoso.example"] as const;
const clientSecret = "the same after the provider has been started again";
const [warm, cold] = [0, 1];

describe("when the identity provider is down, and nothing listens at its address", () => {
  let world: World;
  let again: IdentityProvider | undefined;
  /** Where this file is, the instances' clocks are a day and an hour ahead. */
  let tomorrow: string;
  let arriving: Returning;
  let calling: Client;
  let renewing: Client;
  let leaving: Client;
  let leavingCold: Client;

  before(async () => {
    tomorrow = join(await mkdtemp(join(tmpdir(), "clock-")), "tomorrow");
    world = await startWorld({ registration: { clientSecret }, environment: { NODE_OPTIONS: clockOf(tomorrow) } });
    [calling, leaving] = [await signedIn(world, ada, warm), await signedIn(world, bruno, warm)];
    await world.startInstance();
    leavingCold = await signedIn(world, "mika@fabrikam.example", cold);
    world.identityProvider.controls.accessTokenLifetimeSeconds = 60;
    renewing = await signedIn(world, zoe, warm);
    arriving = await returning(world, ada, warm);
    await world.identityProvider.stop();
  });
  after(async () => {
    await again?.stop();
    await world.stop();
    await rm(join(tomorrow, ".."), { recursive: true });
  });

  it("a sign-in begins, and ends with an answer that says why it cannot go on", async () => {
    assert.equal((await login(world.client(warm))).status, 302);
    await assertNotSignedIn(arriving);
  });

  it("calls go on with tokens that are still good", async () => {
    assert.equal((await callApi(calling)).status, 200);
  });

  it("calls that need new tokens are told so, and the session is kept", async () => {
    await assertUnavailable(() => callApi(renewing));
    assert.ok(await accountDocument(world, sessionOf(renewing).accountKey));
  });

  it("signing out removes the account, and leads to where the identity provider was", async () => {
    await assertSignedOut(world, leaving, /\/oauth2\/v2\.0\/logout\?/);
  });

  it("signing out at an instance that has never reached it removes the account, and says what is missing", async () => {
    await assertUnavailable(() => login(world.client(cold)));
    await assertSignedOut(world, leavingCold, /\/auth\/signed-out\?incomplete=1$/);
    const landing = await leavingCold.fetch("/auth/signed-out?incomplete=1");
    assert.match(landing.body, /you may still be signed in there/);
  });

  it("a day later, sign-ins still begin with what was learned", async () => {
    await writeFile(tomorrow, "");
    for (let attempt = 0; attempt < 3; attempt++) {
      assert.equal((await login(world.client(warm))).status, 302);
    }
    await rm(tomorrow);
    assert.ok(!existsSync(tomorrow));
  });

  it("and when it is back, everything works, without a restart", async () => {
    again = await startAgain(world);
    assert.equal((await callApi(renewing)).status, 200);
    for (const instance of [warm, cold]) {
      const client = world.client(instance);
      await inTime(() => signIn(client, bruno, "/healthz"));
      assert.equal((await callApi(client)).status, 200);
    }
  });
});

/** Lets `Date.now()` be ahead while there is such a file. Timers and the times in tokens stay as they are. */
function clockOf(file: string): string {
  const script = `
    import { existsSync } from "node:fs";
    const now = Date.now;
    Date.now = () => now() + (existsSync(${JSON.stringify(file)}) ? 25 * 3_600_000 : 0);`;
  return `--import=data:text/javascript,${encodeURIComponent(script)}`;
}

/** The same provider at the same addresses, with what it had stored. */
async function startAgain({
  folder,
  ports,
  publicBaseUrl,
  platform,
  identityProvider,
}: World): Promise<IdentityProvider> {
  return startIdentityProvider({
    httpPort: ports.identityProvider,
    httpsPort: ports.identityProviderTls,
    tls: await loadOrCreateCertificates(join(folder, "certificates")),
    apps: [
      {
        clientId: platform.environment["AzureAd__ClientId"] ?? "",
        clientSecret,
        name: "Your app",
        redirectUris: [`${publicBaseUrl}/auth/callback`],
        postLogoutRedirectUris: [`${publicBaseUrl}/auth/signed-out`],
      },
    ],
    dataFile: join(folder, "identity-provider.sqlite"),
    people: identityProvider.people,
  });
}
