import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { Answer, Client } from "../support/http-client.ts";
import { findSecrets, partsOfToken, spellingsOf, type Secret } from "../support/secrets.ts";
import { untilCallback } from "../support/sign-in-steps.ts";
import { frontChannel, sidOf, signOut } from "../support/sign-out.ts";
import { storeBytes } from "../support/store.ts";
import { sessionCookie, sessionOf, signIn, startWorld, type World } from "../support/world.ts";

const people = [
  "ada@contoso.example",
  "bruno@contoso.example",
  "zoe@contoso.example",
  "mika@fabrikam.example",
] as const;
const [ada, bruno, zoe, mika] = people;

describe("after all kinds of work and failure on two instances", () => {
  let world: World;
  const sessions: string[] = [];
  before(async () => {
    world = await startWorld({ instances: 2 });
    world.identityProvider.controls.accessTokenLifetimeSeconds = 60;
    await doAllKindsOfWork();
  });
  after(() => world.stop());

  async function signInAs(username: string, instance = 0): Promise<Client> {
    const client = world.client(instance);
    await signIn(client, username, "/healthz");
    sessions.push(sessionOf(client).secret);
    return client;
  }

  async function doAllKindsOfWork(): Promise<void> {
    const clients = [await signInAs(ada), await signInAs(bruno, 1), await signInAs(zoe), await signInAs(mika, 1)];
    for (const client of clients) {
      for (const path of [
        "/auth/me",
        "/api/graph/me",
        "/api/graph/echo",
        "/auth/logout",
        "/",
        "/readyz",
        "/auth/sessions",
      ]) {
        await client.fetch(path);
        await client.navigate(path);
      }
    }
    await failInManyWays(clients);
    await signOut(world, clients[0] ?? world.client());
    await frontChannel(world.client(), `sid=${sidOf(world, bruno)}`);
    world.identityProvider.controls.revokeRefreshTokens();
    await clients[3]?.fetch("/api/graph/me");
  }

  async function failInManyWays([client = world.client()]: readonly Client[]): Promise<void> {
    const { controls } = world.identityProvider;
    const body = { error: "invalid_client", error_description: `Bad secret of ${ada}: ${clientSecret()}` };
    for (const status of [400, 401, 500]) {
      controls.failNext("token", { type: "status", status, body });
      await client.fetch("/api/graph/me");
      const browser = world.client();
      const url = await untilCallback(browser, ada);
      controls.failNext("token", { type: "status", status, body });
      await browser.fetch(url.href);
    }
    for (const signature of ["none", "foreign-key", "corrupt"] as const) {
      const browser = world.client();
      const url = await untilCallback(browser, ada);
      controls.tamperWithNextIdToken({ signature });
      await browser.navigate(url.href);
    }
    world.downstreamApi.controls.failNext({ type: "reset" });
    await client.fetch("/api/graph/me");
    world.downstreamApi.controls.failNext({ type: "status", status: 401 });
    await client.navigate("/api/graph/me");
    const storeFaults = [
      { type: "reset", when: "after" },
      { type: "garbage", when: "before" },
      { type: "status", status: 403 },
    ] as const;
    for (const fault of storeFaults) {
      world.cosmos.faults.add({ match: {}, fault });
      await client.fetch("/api/graph/me");
    }
    world.cosmos.faults.clear();
    const browser = world.client();
    browser.setCookie("localhost", sessionCookie, `${sessionOf(client).accountKey}.${"A".repeat(43)}`);
    await browser.navigate("/auth/me");
  }

  const setting = (name: string) => world.platform.environment[name] ?? "";
  const clientSecret = () => setting("AzureAd__ClientCredentials__0__ClientSecret");

  /** What nobody but the app and the identity provider may ever see. */
  function secrets(): Secret[] {
    const tokens = world.identityProvider.controls.issuedTokens();
    assert.ok(tokens.length > 30);
    return [
      ...tokens.flatMap((token, index) => partsOfToken(token, `token ${index}`)),
      { name: "client secret", text: clientSecret() },
      { name: "account key of the store", text: world.cosmos.accountKey },
    ];
  }

  const sids = () => people.map((username) => ({ name: "a sid", text: sidOf(world, username) }));
  /** The first access token, to be planted where the search has to find it. */
  const planted = () => secrets().find(({ text }) => text.split(".").length === 3)?.text ?? "";
  const cookieSecrets = () => sessions.map((text, index) => ({ name: `secret of session ${index}`, text }));

  function personalData(): Secret[] {
    return world.identityProvider.people.flatMap(({ name, preferredUsername, oid, surname }) => [
      { name: "a person's name", text: name },
      ...(surname.length >= 8 ? [{ name: "a person's surname", text: surname }] : []),
      { name: "a person's user name", text: preferredUsername },
      { name: "a person's object id", text: oid },
    ]);
  }

  /**
   * The app's answers, head and body, without the one header that hands the session to the browser, and the one that passes on
   * the code that the browser itself has just brought.
   */
  function answersOf(select: (answer: Answer) => boolean = () => true): Buffer {
    const own = world.answers.filter((answer) => answer.url.startsWith(world.publicBaseUrl) && select(answer));
    assert.ok(own.length > 20);
    return Buffer.concat(
      own.flatMap(({ headers, bytes, status, url }) => {
        const cookies = (headers["set-cookie"] ?? []).map((cookie) => {
          const isSession = status === 302 && url.includes("/auth/callback") && cookie.startsWith(`${sessionCookie}=`);
          return isSession ? "" : cookie;
        });
        const passesOn = status === 303 && url.endsWith("/auth/callback");
        const location = passesOn ? "" : headers.location;
        return [Buffer.from(JSON.stringify({ ...headers, location, "set-cookie": cookies })), bytes];
      }),
    );
  }

  it("no answer to a browser holds a token, a code, a session's secret or a credential", () => {
    assert.deepEqual(findSecrets(answersOf(), [...secrets(), ...cookieSecrets()]), []);
  });

  it("no answer names a person but those that are asked for the person", () => {
    const asked = /\/auth\/me|\/api\/graph\/(me|echo)|\/auth\/login\?/;
    const persons = personalData().filter(({ name }) => name !== "a person's surname");
    assert.deepEqual(
      findSecrets(
        answersOf(({ url }) => !asked.test(url)),
        persons,
      ),
      [],
    );
  });

  it("no log line holds a token, a session's secret, a credential, or who a person is", () => {
    const log = world.log();
    for (const event of ["session_opened", "token_renewed", "token_refused", "signout", "request_failed"]) {
      assert.ok(log.includes(`"event":"${event}"`), `${event} did not happen`);
    }
    const all = [...secrets(), ...cookieSecrets(), ...personalData()];
    assert.deepEqual(findSecrets(Buffer.from(log), [...all, ...sids()]), []);
  });

  it("no document, nor what is left of deleted ones, holds a token, a session's secret, or who a person is", async () => {
    const all = [...secrets(), ...cookieSecrets(), ...personalData(), ...sids()];
    assert.deepEqual(findSecrets(await storeBytes(world), all), []);
  });

  describe("and the search would find them", () => {
    it("in any spelling, between other letters", () => {
      for (const [spelling, bytes] of Object.entries(spellingsOf(planted()))) {
        const haystack = Buffer.concat([Buffer.from("before"), bytes, Buffer.from("after")]);
        assert.deepEqual(
          findSecrets(haystack, [{ name: "it", text: planted() }]).filter((found) => found.endsWith(spelling)),
          [`it, ${spelling}`],
        );
      }
      for (const prefix of ["", "x", "xy"]) {
        const haystack = Buffer.from(Buffer.from(`${prefix}${planted()}, and more`).toString("base64url"));
        assert.equal(findSecrets(haystack, [{ name: "it", text: planted() }]).length > 0, true, prefix);
      }
    });

    it("in a document, plain or in base64", async () => {
      for (const text of [planted(), Buffer.from(`"${planted()}"`).toString("base64")]) {
        await world.accounts.items.create({ id: `control-${text.length}`, text });
        assert.notDeepEqual(findSecrets(await storeBytes(world), [{ name: "it", text: planted() }]), []);
      }
    });

    it("in an answer and in the log", () => {
      const callback = world.answers.find(({ headers }) =>
        headers["set-cookie"]?.some((cookie) => cookie.includes(sessions[0] ?? "?")),
      );
      assert.ok(callback?.url.includes("/auth/callback"));
      assert.ok(answersOf(({ url }) => !url.includes("/auth/callback")).includes("Ada Lindqvist"));
      const log = Buffer.from(`${world.log()}\n{"token":"${planted()}"}`);
      assert.notDeepEqual(findSecrets(log, [{ name: "it", text: planted() }]), []);
    });
  });
});
