import assert from "node:assert/strict";
import { after, before, beforeEach, describe, it } from "node:test";
import { homeAccountId } from "@entra-functions-bff/identity-provider/people";
import { assertProblem, clearsSession } from "../support/assertions.ts";
import type { Client } from "../support/http-client.ts";
import { frontChannel, sidOf } from "../support/sign-out.ts";
import { accountDocument, dumpStore, startFresh } from "../support/store.ts";
import { ownForm, sessionOf, signIn, startWorld, type World } from "../support/world.ts";

const ada = "ada@contoso.example";

/** What another version of the app may have left, or somebody's hand. */
const shapes: Readonly<Record<string, object>> = {
  "without sessions": { version: 2, ttl: 3600 },
  "with a session of another shape": { writeId: "w", ttl: 3600, sessions: { key: { sealed: ["…"] } } },
};

describe("an account's document that this version of the app cannot read", () => {
  let world: World;
  let client: Client;
  let accountKey: string;
  before(async () => {
    world = await startWorld();
  });
  after(() => world.stop());
  beforeEach(async () => {
    await startFresh(world);
    client = world.client();
    await signIn(client, ada, "/healthz");
    ({ accountKey } = sessionOf(client));
  });
  const leave = (shape: object) => world.accounts.item(accountKey, accountKey).replace({ id: accountKey, ...shape });
  const post = (path: string) => client.fetch(path, ownForm(world.publicBaseUrl));

  for (const [name, shape] of Object.entries(shapes)) {
    describe(name, () => {
      beforeEach(async () => void (await leave(shape)));

      it("holds no session: calls get 401, nothing is changed, and the log says why", async () => {
        const stored = await dumpStore(world);
        const answer = await client.fetch("/api/graph/me");
        assertProblem(answer, 401, "signin_required");
        assert.ok(clearsSession(answer));
        assert.deepEqual(await dumpStore(world), stored);
        assert.match(world.log(), /"step":"read_account","code":"account_unreadable"/);
      });

      it("keeps nobody from signing in, who replaces it", async () => {
        await signIn(client, ada, "/healthz");
        assert.equal((await client.fetch("/api/graph/me")).status, 200);
        const document = await accountDocument(world, accountKey);
        assert.equal(Object.keys(document?.sessions ?? {}).length, 1);
      });

      it("keeps nobody from signing in with another account in that browser", async () => {
        await signIn(client, "bruno@contoso.example", "/healthz");
        assert.equal(await accountDocument(world, accountKey), undefined);
      });

      it("is deleted by a sign-out here", async () => {
        assert.equal((await post("/auth/logout")).status, 303);
        assert.equal(await accountDocument(world, accountKey), undefined);
      });

      it("is deleted by a sign-out everywhere", async () => {
        const headers = ownForm(world.publicBaseUrl).headers;
        const answer = await client.fetch("/auth/sessions", { method: "DELETE", headers });
        assert.equal(answer.status, 204, answer.body);
        assert.equal(await accountDocument(world, accountKey), undefined);
      });

      it("is deleted by a sign-out elsewhere", async () => {
        assert.equal((await frontChannel(world.client(), `sid=${sidOf(world, ada)}`)).status, 200);
        assert.equal(await accountDocument(world, accountKey), undefined);
      });

      it("is deleted by an administrator", async () => {
        const person = world.identityProvider.people.find(({ preferredUsername }) => preferredUsername === ada);
        const headers = { "x-functions-key": world.platform.administratorKey };
        const path = `/auth/accounts/${person ? homeAccountId(person) : ""}`;
        const answer = await world.client().fetch(path, { method: "DELETE", headers });
        assert.deepEqual([answer.status, answer.json()["outcome"]], [200, "account_deleted"]);
        assert.equal(await accountDocument(world, accountKey), undefined);
      });
    });
  }
});
