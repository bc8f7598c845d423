import assert from "node:assert/strict";
import { after, before as beforeAll, beforeEach, describe, it } from "node:test";
import type { FaultMatch } from "@entra-functions-bff/cosmos-endpoint";
import type { Answer, Client } from "../support/http-client.ts";
import { untilCallback } from "../support/sign-in-steps.ts";
import { accountDocument, operationsOf, startFresh } from "../support/store.ts";
import { sessionCookie, sessionOf, signIn, startWorld, type World } from "../support/world.ts";

const ada = "ada@contoso.example";
const bruno = "bruno@contoso.example";

/** A sign-in that ends an earlier session when it is complete. */
interface Scenario {
  /** The browser whose session is to end, and the one that signs in; often the same. */
  readonly prepare: (world: World) => Promise<{ earlier: Client; arriving: Client }>;
  readonly username: string;
}

async function inOneBrowser(world: World): Promise<{ earlier: Client; arriving: Client }> {
  const client = world.client();
  await signIn(client, ada, "/healthz");
  return { earlier: client, arriving: client };
}

const scenarios: Readonly<Record<string, Scenario>> = {
  "again in the same browser": { username: ada, prepare: inOneBrowser },
  "again in the same browser, in a new session at the identity provider": {
    username: ada,
    async prepare(world) {
      const browsers = await inOneBrowser(world);
      for (const name of browsers.arriving.cookies("127.0.0.1").keys()) {
        browsers.arriving.setCookie("127.0.0.1", name, "");
      }
      return browsers;
    },
  },
  "as somebody else in the same browser": { username: bruno, prepare: inOneBrowser },
  "in one browser more than the account may have": {
    username: ada,
    async prepare(world) {
      const { earlier } = await inOneBrowser(world);
      await signIn(world.client(), ada, "/healthz");
      return { earlier, arriving: world.client() };
    },
  },
};

interface Operation {
  readonly kind: "read" | "create" | "replace" | "delete";
  readonly container: "accounts" | "sids";
  /** How many such operations the sign-in has done before it. */
  readonly skip: number;
}

/** The browser's cookie before its sign-in, held by nobody else: whether it still opens a session. */
async function opens(world: World, cookie: string): Promise<boolean> {
  const holder = world.client();
  holder.setCookie("localhost", sessionCookie, cookie);
  return (await holder.fetch("/auth/me")).status === 200;
}

/** Each has a world of its own, and waits more than it works. */
describe("a sign-in that ends an earlier session", { concurrency: true }, () => {
  for (const [name, { username, prepare }] of Object.entries(scenarios)) {
    describe(`a sign-in ${name} that fails costs nobody a session`, { concurrency: 1 }, () => {
      let world: World;
      let operations: readonly Operation[];
      beforeAll(async () => {
        world = await startWorld({ environment: { Session__MaxPerAccount: "2" } });
        world.identityProvider.controls.announceBackChannelLogout = true;
        const { arriving } = await prepare(world);
        const callback = await untilCallback(arriving, username);
        operations = numbered(await operationsOf(world, () => arriving.fetch(callback.href)));
      });
      after(() => world.stop());
      beforeEach(() => startFresh(world));

      const arrive = async (): Promise<{ cookie: string; callback: string; arriving: Client; accountKey: string }> => {
        const { earlier, arriving } = await prepare(world);
        const { value, accountKey } = sessionOf(earlier);
        return { cookie: value, accountKey, arriving, callback: (await untilCallback(arriving, username)).href };
      };

      it("and one that succeeds ends it", async () => {
        const { cookie, callback, arriving } = await arrive();
        assert.equal((await arriving.fetch(callback)).status, 302);
        assert.equal(await opens(world, cookie), false);
        assert.equal((await arriving.fetch("/api/graph/me")).status, 200);
      });

      it("wherever the store fails for good", async () => {
        for (const operation of operations) {
          await startFresh(world);
          const { cookie, callback, arriving } = await arrive();
          const fault = { type: "status", status: 503 } as const;
          world.cosmos.faults.add({ match: matching(operation), times: Number.MAX_SAFE_INTEGER, fault });
          const answer = await arriving.fetch(callback, { headers: { accept: "text/html" } });
          world.cosmos.faults.clear();
          if (answer.status === 302) {
            assert.equal((await arriving.fetch("/auth/me")).status, 200, nameOf(operation));
            continue;
          }
          assert.equal(answer.status, 503, nameOf(operation));
          assert.match(answer.body, /Nothing is lost/);
          assert.ok(await opens(world, cookie), `the earlier session is gone: ${nameOf(operation)}`);
        }
      });

      it("wherever the instance is killed before it has sent what ends the earlier session", async () => {
        for (const operation of operations.slice(0, -1)) {
          await startFresh(world);
          const { cookie, callback, arriving } = await arrive();
          const instance = await world.startInstance();
          const unlucky = world.client(world.instances.indexOf(instance));
          for (const [key, value] of arriving.cookies("localhost")) unlucky.setCookie("localhost", key, value);
          const gate = world.cosmos.faults.gate({ match: matching(operation), when: "after" });
          const answer = cutOff(unlucky.fetch(callback));
          await gate.reached();
          await instance.kill();
          assert.equal(await answer, "cut off", nameOf(operation));
          gate.releaseAll();
          assert.ok(await opens(world, cookie), `the earlier session is gone: ${nameOf(operation)}`);
        }
      });

      it("and it is still there while the new one is being written and claimed", async (test) => {
        const { cookie, callback, arriving, accountKey } = await arrive();
        const claim = operations.find(({ kind, container }) => container === "sids" && kind !== "read");
        assert.ok(claim);
        const gate = world.cosmos.faults.gate({ match: { kind: claim.kind, container: "sids" }, when: "before" });
        test.after(() => gate.releaseAll());
        const answer = arriving.fetch(callback);
        await gate.reached();
        const { sessions = {} } = (await accountDocument(world, accountKey)) ?? {};
        assert.ok(Object.keys(sessions).length > 0, "the earlier session is gone before the new one is complete");
        assert.ok(await opens(world, cookie));
        gate.releaseAll();
        assert.equal((await answer).status, 302);
      });
    });
  }
});

const nameOf = ({ kind, container, skip }: Operation) => `${kind} in ${container}, after ${skip} others`;

/** That operation of the next sign-in alone. */
function matching({ kind, container, skip }: Operation): FaultMatch {
  // The same request may be looked at several times.
  const passed = new Set<object>();
  const predicate: FaultMatch["predicate"] = (request) => {
    if (passed.size < skip) passed.add(request);
    return !passed.has(request);
  };
  return { kind, container, predicate };
}

function numbered(operations: readonly string[]): readonly Operation[] {
  const counts = new Map<string, number>();
  return operations.map((operation) => {
    const [kind, container] = operation.split(" ");
    const skip = counts.get(`${kind} ${container}`) ?? 0;
    counts.set(`${kind} ${container}`, skip + 1);
    return { kind, container, skip } as Operation;
  });
}

async function cutOff(request: Promise<Answer>): Promise<string> {
  return request.then(
    ({ status }) => `answered ${status}`,
    () => "cut off",
  );
}
