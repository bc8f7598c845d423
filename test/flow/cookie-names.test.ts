import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { send } from "../fuzz/wire.ts";
import { untilCallback, transactionCookie } from "../support/sign-in-steps.ts";
import { httpStreaming, sessionCookie, sessionOf, signIn, startWorld, type World } from "../support/world.ts";

/** Bytes that a browser lets a neighbour host put before or after a cookie's name, and that some programs leave out. */
const oddBytes: Readonly<Record<string, string>> = {
  "U+00A0 in UTF-8": "\xc2\xa0",
  "U+0085 in UTF-8": "\xc2\x85",
  "U+00AD in UTF-8": "\xc2\xad",
  "two of them": "\xc2\xa0\xc2\xa0",
  "one between spaces": " \xc2\xa0 ",
  "a quotation mark": '"',
  "a percent code": "%20",
};

/** Bytes that the host refuses, or that stop the programming model, before the app is asked. */
const refusedBytes: Readonly<Record<string, string>> = {
  "U+FEFF in UTF-8": "\xef\xbb\xbf",
  "U+2003 in UTF-8": "\xe2\x80\x83",
  "U+00A0 in Latin-1": "\xa0",
  "a vertical tab": "\v",
  "a form feed": "\f",
};

/** With HTTP streams the Functions host forwards no such header, and has no answer either. */
function unanswered(text: string): { readonly skip: false | string } {
  return { skip: httpStreaming && /[\xc2-\xef]/.test(text) && "the host does not answer this with HTTP streams" };
}

const lookalike = httpStreaming ? '"' : "\xc2\xa0";

describe("cookies that only look like the app's, byte for byte as they come", () => {
  let world: World;
  let attackers: string;
  let own: string;
  before(async () => {
    world = await startWorld();
    const [attacker, victim] = [world.client(), world.client()];
    await signIn(attacker, "bruno@contoso.example", "/healthz");
    await signIn(victim, "ada@contoso.example", "/healthz");
    [attackers, own] = [sessionOf(attacker).value, sessionOf(victim).value];
  });
  after(() => world.stop());

  /** One request with these `Cookie` headers, each character a byte. */
  async function ask(
    path: string,
    ...cookies: string[]
  ): Promise<{ status: number; body: string; setsCookies: boolean }> {
    const lines = [
      `GET ${path} HTTP/1.1`,
      `host: ${new URL(world.publicBaseUrl).host}`,
      ...cookies.map((cookie) => `cookie: ${cookie}`),
    ];
    const [answer] = await send(world.publicBaseUrl, Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1"), 15_000);
    assert.ok(answer, "The app did not answer");
    return { ...answer, setsCookies: answer.headers.some(([name]) => name === "set-cookie") };
  }

  const who = async (...cookies: string[]) => {
    const { status, body } = await ask("/auth/me", ...cookies);
    return status === 200 ? (/"username":"(\w+)@/.exec(body)?.[1] ?? "?") : status;
  };

  for (const [what, odd] of Object.entries(oddBytes)) {
    it(
      `${what} beside the session cookie's name: whoever is signed in stays who they are`,
      unanswered(odd),
      async () => {
        for (const name of [odd + sessionCookie, sessionCookie + odd]) {
          assert.equal(await who(`${name}=${attackers}`), 401);
          assert.equal(await who(`${name}=${attackers}; ${sessionCookie}=${own}`), "ada");
          assert.equal(await who(`${sessionCookie}=${own}; ${name}=${attackers}`), "ada");
        }
      },
    );

    it(
      `${what} beside a sign-in cookie's name: the sign-in that an attacker began is not known`,
      unanswered(odd),
      async () => {
        const attacker = world.client();
        const { pathname, search } = await untilCallback(attacker, "bruno@contoso.example");
        const { name, value } = transactionCookie(attacker);
        for (const planted of [odd + name, name + odd]) {
          const answer = await ask(pathname + search, `${planted}=${value}`);
          assert.equal(answer.status, 400);
          assert.match(answer.body, /"code":"signin_unknown"/);
          assert.equal(answer.setsCookies, false);
        }
      },
    );
  }

  for (const [what, odd] of Object.entries(refusedBytes)) {
    it(`${what} beside the session cookie's name: nobody is let in`, unanswered(odd), async () => {
      for (const cookie of [`${odd}${sessionCookie}=${attackers}`, `${sessionCookie}${odd}=${attackers}`]) {
        assert.ok([400, 401, 500].includes(Number(await who(cookie))), String(await who(cookie)));
      }
    });
  }

  it("spaces and tabs around name and value are nothing, as in every browser's and server's book", async () => {
    assert.equal(await who(`a=1;\t ${sessionCookie}\t = \t${own} \t;b=2`), "ada");
  });

  it("two session cookies: neither counts, and the app's own is not taken away in favour of the other", async () => {
    for (const [first, second] of [
      [own, attackers],
      [attackers, own],
      [own, own],
      [own, ""],
    ]) {
      const answer = await ask("/auth/me", `${sessionCookie}=${first}; ${sessionCookie}=${second}`);
      assert.equal(answer.status, 401);
      assert.equal(answer.setsCookies, false);
    }
  });

  it("two cookies of one sign-in: not known", async () => {
    const attacker = world.client();
    const { pathname, search } = await untilCallback(attacker, "bruno@contoso.example");
    const { name, value } = transactionCookie(attacker);
    const answer = await ask(pathname + search, `${name}=${value}; ${name}=${value}`);
    assert.equal(answer.status, 400);
    assert.match(answer.body, /"code":"signin_unknown"/);
  });

  it("two cookies of one sign-out: it leads to the app's page, not to where one of them says", async () => {
    const state = "s".repeat(22);
    const name = `__Host-signout-${state}`;
    const value = Buffer.from("/healthz").toString("base64url");
    assert.equal((await ask(`/auth/signed-out?state=${state}`, `${name}=${value}`)).status, 302);
    for (const cookies of [`${name}=${value}; ${name}=${value}`, `${lookalike}${name}=${value}`]) {
      assert.equal((await ask(`/auth/signed-out?state=${state}`, cookies)).status, 200);
    }
  });

  it("two cookies of the cookie check, or one that only looks like it: not taken for one that was kept", async () => {
    const name = "__Host-cookie-check";
    assert.match((await ask("/auth/cookie-check", `${name}=1`)).body, /"code":"signin_unknown"/);
    for (const cookies of [`${name}=1; ${name}=1`, `${lookalike}${name}=1`]) {
      assert.match((await ask("/auth/cookie-check", cookies)).body, /"code":"cookies_blocked"/);
    }
  });

  it("several Cookie headers: what a proxy or the host joins by a comma makes no session of another cookie's value", async () => {
    assert.equal(await who(`theme=1, ${sessionCookie}=${attackers}`), 401);
    // With HTTP streams they are joined by a semicolon, as RFC 9113 section 8.2.3 has it.
    assert.equal(await who("theme=1", `${sessionCookie}=${attackers}`), httpStreaming ? "bruno" : 401);
    assert.equal(await who(`${sessionCookie}=${own}`, `${sessionCookie}=${attackers}`), 401);
    assert.equal(await who(`theme=1, ${sessionCookie}=${attackers}; ${sessionCookie}=${own}`), "ada");
  });

  it("signing out with two session cookies clears the app's own, and leads to the identity provider", async () => {
    const headers = { origin: world.publicBaseUrl, cookie: `${sessionCookie}=${own}; ${sessionCookie}=${attackers}` };
    const answer = await world.client().fetch("/auth/logout", { method: "POST", headers });
    assert.equal(answer.status, 303);
    assert.equal(new URL(answer.headers.location ?? "").origin, world.identityProvider.publicUrl);
    assert.match(answer.headers["set-cookie"]?.join("\n") ?? "", /^__Host-session=;.*max-age=0/im);
    for (const value of [own, attackers]) assert.notEqual(await who(`${sessionCookie}=${value}`), 401);
  });
});
