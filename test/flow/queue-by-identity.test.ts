import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { loadOrCreateCertificates } from "@entra-functions-bff/identity-provider/certificate";
import { assertProblem, inTime } from "../support/assertions.ts";
import { eventually } from "@entra-functions-bff/stand-in-kit/eventually";
import type { Answer, Client } from "../support/http-client.ts";
import { startManagedIdentity } from "../support/managed-identity.ts";
import { startQueueService, type QueueService } from "../support/queue-service.ts";
import { accountDocument } from "../support/store.ts";
import { finishingDisabled, ownForm, sessionOf, signIn, startWorld, type World } from "../support/world.ts";

const identityClientId = "66666666-6666-4666-8666-666666666666";

describe("the queue of sign-outs, without a key", () => {
  let world: World;
  let service: QueueService;
  before(async () => {
    world = await startWorld();
    service = await startQueueService({ tls: await loadOrCreateCertificates(join(world.folder, "certificates")) });
  });
  after(async () => {
    await world.stop();
    await service.stop();
  });

  /** Signs Ada in at an instance with that managed identity, and out while the store does not answer. */
  async function signOutDuringOutage(
    identityEndpoint: string,
  ): Promise<{ client: Client; accountKey: string; answer: Answer }> {
    const instance = await world.startInstance({
      AzureWebJobsStorage: "",
      AzureWebJobsStorage__queueServiceUri: service.url,
      AzureWebJobsStorage__credential: "managedidentity",
      AzureWebJobsStorage__clientId: identityClientId,
      SignOut__RetrySeconds: "1",
      [finishingDisabled]: "true",
      IDENTITY_ENDPOINT: identityEndpoint,
      IDENTITY_HEADER: "header",
    });
    const client = world.client(world.instances.indexOf(instance));
    await signIn(client, "ada@contoso.example", "/healthz");
    const { accountKey } = sessionOf(client);
    const outage = world.cosmos.faults.add({ match: {}, times: Number.MAX_SAFE_INTEGER, fault: { type: "hang" } });
    const { method, headers } = ownForm(world.publicBaseUrl);
    const form = { method, headers: { ...headers, accept: "application/json" } };
    const answer = await inTime(() => client.fetch("/auth/logout", form)).finally(() => outage.remove());
    return { client, accountKey, answer };
  }

  it("is written and read with the token of the managed identity that the host's setting names", async () => {
    await using identity = await startManagedIdentity("token for storage");
    const { accountKey, answer } = await signOutDuringOutage(identity.url);
    assertProblem(answer, 503, "signout_deferred");
    await eventually("it is finished", async () => !(await accountDocument(world, accountKey)));
    assert.deepEqual(new Set(service.authorizations), new Set(["Bearer token for storage"]));
    const [asked = new URL("about:blank")] = identity.asked;
    assert.match(asked.searchParams.get("resource") ?? "", /^https:\/\/storage\.azure\.com\/?$/);
    assert.equal(asked.searchParams.get("client_id"), identityClientId);
  });

  it("keeps nobody waiting for a managed identity that does not answer: the sign-out fails in time, and says so", async () => {
    const silent = createServer(() => undefined).listen(0, "127.0.0.1");
    await once(silent, "listening");
    const { port } = silent.address() as AddressInfo;
    const { client, accountKey, answer } = await signOutDuringOutage(`http://127.0.0.1:${port}/msi/token`);
    silent.close();
    assertProblem(answer, 503, "signout_failed");
    assert.ok(await accountDocument(world, accountKey));
    assert.equal((await client.fetch("/auth/me")).status, 200);
  });
});
