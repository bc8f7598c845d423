import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, describe, it } from "node:test";
import type { Fault } from "../../local/cosmos/endpoint.ts";
import { within } from "../support/assertions.ts";
import { frontChannel, sidOf } from "../support/sign-out.ts";
import { accountDocument } from "../support/store.ts";
import { ownForm, sessionOf, startWorld, type World } from "../support/world.ts";
import { signedIn } from "./identity-provider/trouble.ts";

/** What nobody waits longer than: the app gives the store 4.5 s, and the local Functions host the queue 5 s. */
const seconds = 10;

const storeTroubles: Readonly<Record<string, Fault>> = {
  "answers 503": { type: "status", status: 503 },
  "does not answer": { type: "hang" },
};
const queueTroubles: readonly { name: string; answer?: RequestListener; person: string }[] = [
  { name: "cannot be reached", person: "ada@contoso.example" },
  { name: "answers 503", answer: (_, response) => void response.writeHead(503).end(), person: "bruno@contoso.example" },
  { name: "does not answer", answer: () => undefined, person: "zoe@contoso.example" },
];

describe("a sign-out, when neither the store nor the queue takes it", { concurrency: true }, () => {
  let world: World;
  const servers: Server[] = [];
  before(async () => {
    world = await startWorld();
  });
  after(async () => {
    await world.stop();
    for (const server of servers) {
      server.close();
      server.closeAllConnections();
    }
  });

  /** An instance whose queue is in trouble. */
  async function startInstance(answer: RequestListener | undefined): Promise<number> {
    const server = createServer(answer).listen(0, "127.0.0.1");
    await once(server, "listening");
    const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}/queue`;
    if (answer) servers.push(server);
    else await new Promise((closed) => server.close(closed));
    const instance = await world.startInstance({
      AzureWebJobsStorage: `DefaultEndpointsProtocol=http;AccountName=queue;AccountKey=c2luaw==;QueueEndpoint=${endpoint}`,
    });
    return world.instances.indexOf(instance);
  }

  for (const { name, answer, person } of queueTroubles) {
    it(`queue ${name}: an error in bounded time, nothing promised, the cookie stays, and signing out works later`, async () => {
      const instance = await startInstance(answer);
      for (const [storeTrouble, fault] of Object.entries(storeTroubles)) {
        const client = await signedIn(world, person, instance);
        const { value, accountKey } = sessionOf(client);
        const sid = encodeURIComponent(sidOf(world, person));
        const post = () => client.fetch("/auth/logout", ownForm(world.publicBaseUrl));
        const outage = world.cosmos.faults.add({ match: { id: accountKey }, times: Number.MAX_SAFE_INTEGER, fault });
        const [here, elsewhere] = await Promise.all([
          within(seconds, post),
          within(seconds, () => frontChannel(world.client(instance), `sid=${sid}`)),
        ]);
        outage.remove();
        for (const { status, body } of [here, elsewhere]) assert.deepEqual([status, body], [500, ""], storeTrouble);
        assert.equal(sessionOf(client).value, value);
        assert.equal((await client.fetch("/auth/me")).status, 200);
        assert.equal((await post()).status, 303);
        assert.equal(await accountDocument(world, accountKey), undefined);
      }
    });
  }
});
