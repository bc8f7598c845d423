import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { eventually } from "@entra-functions-bff/stand-in-kit/eventually";
import { createClient, type Client } from "../support/http-client.ts";
import { generatePeople } from "../support/people.ts";
import { startProgram } from "../support/program.ts";
import { beginSignIn } from "../support/sign-in-steps.ts";
import { frontChannel, sidOf } from "../support/sign-out.ts";
import { freePorts, ownForm, sessionOf, signIn, startWorld } from "../support/world.ts";

const [ada, bruno, zoe] = ["ada@contoso.example", "bruno@contoso.example", "zoe@contoso.example"];

describe("the local platform, started again with its data", () => {
  it("finds everybody signed in as before, their tokens renewable, sign-ins under way and sign-outs to come", async () => {
    const first = await startWorld();
    const [signedIn, renewing, underWay, leaving] = [first.client(), first.client(), first.client(), first.client()];
    await signIn(signedIn, ada, "/healthz");
    await signIn(leaving, zoe, "/healthz");
    first.identityProvider.controls.accessTokenLifetimeSeconds = 60;
    await signIn(renewing, bruno, "/healthz");
    const { location } = await beginSignIn(underWay, "mika@fabrikam.example");
    const sid = sidOf(first, zoe);
    await first.stop({ keepData: true });

    const second = await startWorld({ folder: first.folder, ports: first.ports });
    try {
      for (const client of [signedIn, renewing]) {
        assert.equal((await client.fetch("/auth/me")).status, 200);
        assert.equal((await client.fetch("/api/graph/me")).status, 200);
      }
      assert.equal(second.identityProvider.controls.requests.count({ grantType: "refresh_token" }), 1);
      assert.equal((await underWay.navigate(location)).status, 200);
      assert.equal((await underWay.fetch("/api/graph/me")).status, 200);
      // Single sign-on is still there, too: nobody is asked.
      await signIn(signedIn, ada, "/healthz");
      assert.equal((await frontChannel(leaving, `sid=${sid}`)).status, 200);
      assert.equal((await leaving.fetch("/auth/me")).status, 401);
    } finally {
      await second.stop();
    }
  });
});

describe("the local platform, killed with everything in it", () => {
  const people = generatePeople(12);

  it("has lost nothing that was acknowledged: neither sign-ins nor sign-outs nor renewals", async () => {
    const folder = await mkdtemp(join(tmpdir(), "bff-killed-"));
    const ports = await freePorts();
    const publicBaseUrl = `http://localhost:${ports.app}`;
    const kill = await startPlatformProcess(folder, JSON.stringify(ports));
    const visitors = people.map(({ preferredUsername }, index) =>
      // Some are signed in for certain when the platform is killed: the others are nearly always between two states.
      visitor(createClient(publicBaseUrl), preferredUsername, { stays: index % 4 === 0 }),
    );
    const work = visitors.map((each) => each.work(publicBaseUrl));
    try {
      await eventually(
        "most have been in and out",
        () =>
          visitors.filter(({ acknowledged }) => acknowledged > 2).length > people.length / 2 &&
          visitors.some(({ hasStayed }) => hasStayed),
      );
    } finally {
      await kill();
    }
    await Promise.all(work);
    // The leader of the group is gone; the others free their ports in a moment.
    const isGone = () =>
      createClient(publicBaseUrl)
        .fetch("/healthz")
        .then(
          () => false,
          () => true,
        );
    await eventually("nobody answers", isGone);

    const world = await startWorld({ folder, ports, people });
    try {
      const settled = visitors.filter(({ state }) => state !== "unknown");
      assert.ok(settled.some(({ state }) => state === "signed in"));
      for (const { client, state } of visitors) {
        const me = await client.fetch("/auth/me");
        if (state === "unknown") assert.ok([200, 401].includes(me.status), me.body);
        else assert.equal(me.status, state === "signed in" ? 200 : 401, me.body);
        if (me.status === 200) assert.equal((await client.fetch("/api/graph/me")).status, 200);
      }
    } finally {
      await world.stop();
      await rm(folder, { recursive: true, force: true });
    }
  });

  /** @returns how to kill it, its child process included */
  async function startPlatformProcess(folder: string, ports: string): Promise<() => Promise<void>> {
    // A process group of its own, so that one signal reaches all of it.
    const args = [folder, ports, String(people.length)];
    const program = startProgram("test/support/platform-process.ts", args, { detached: true });
    await eventually("it can be used", () => /ready/.test(program.written()));
    return async () => {
      process.kill(-program.pid, "SIGKILL");
      await program.ended;
    };
  }
});

/**
 * Signs in, calls and signs out again and again until the platform is gone, keeping account of what was said.
 * @param options.stays ends signed in, after a few times
 */
function visitor(client: Client, username: string, { stays }: { readonly stays: boolean }) {
  const self = {
    client,
    acknowledged: 0,
    hasStayed: false,
    state: "unknown" as "unknown" | "signed in" | "signed out",
    async work(publicBaseUrl: string): Promise<void> {
      try {
        for (;;) {
          await step("signed in", () => signIn(client, username, "/healthz"));
          await client.fetch("/api/graph/me");
          if (stays && self.acknowledged > 2) {
            self.hasStayed = true;
            return;
          }
          const { value } = sessionOf(client);
          await step("signed out", async () => {
            const { status } = await client.fetch("/auth/logout", ownForm(publicBaseUrl));
            if (status !== 303) throw new Error(`Signing out was answered with ${status}`);
          });
          client.setCookie("localhost", "__Host-session", value);
        }
      } catch {
        // The platform has been killed; what was not answered may or may not have happened.
      }
    },
  };
  const step = async (next: typeof self.state, act: () => Promise<unknown>) => {
    const before = self.state;
    self.state = "unknown";
    await act();
    self.state = next;
    if (before !== next) self.acknowledged++;
  };
  return self;
}
