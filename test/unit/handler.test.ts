import assert from "node:assert/strict";
import { afterEach, describe, mock, test } from "node:test";
import { ServerError } from "@azure/msal-node";
import type { HttpResponseInit } from "@azure/functions";
import { ProblemError, SignInRequiredError } from "../../shared/core/errors.ts";
import type { FunctionDefinition, RequestContext } from "../../shared/pipeline/handler.ts";
import { authorizationError } from "../../shared/identity/authorization-error.ts";
import { StoreUnavailableError } from "../../shared/store/errors.ts";
import { testApp } from "./support/app.ts";
import { call } from "./support/http.ts";
import { controlledTimeouts } from "./support/timeouts.ts";

const app = testApp();

function doing(handler: (context: RequestContext) => HttpResponseInit | Promise<HttpResponseInit>): FunctionDefinition {
  return { name: "test", route: "test", methods: ["GET"], handler: async (_request, context) => handler(context) };
}
const failing = (error: unknown) =>
  doing(() => {
    throw error;
  });

afterEach(() => mock.restoreAll());

describe("every answer", () => {
  test("has the security headers and the cookies that the function set", async () => {
    const answer = doing(({ cookies }) => {
      cookies.set("a", "1");
      cookies.clear("b");
      return { status: 200, body: "x" };
    });
    const { headers, cookies } = await call(app, answer);
    assert.equal(headers["x-content-type-options"], "nosniff");
    assert.deepEqual(
      [...cookies],
      [
        ["__Host-a", "1"],
        ["__Host-b", ""],
      ],
    );
  });

  test("to a failure has them too", async () => {
    const answer = doing(({ cookies }) => {
      cookies.clear("signin-x");
      throw new ProblemError("signin_refused", "No.");
    });
    const { response, headers, cookies } = await call(app, answer);
    assert.equal(response.status, 400);
    assert.equal(headers["cache-control"], "no-store");
    assert.deepEqual([...cookies.keys()], ["__Host-signin-x"]);
  });

  for (const value of ["/a\r\nset-cookie: x=y", "/caf\u00e9", "/\u65e5\u672c", "/\u007f", "/\u0085", "/\0"]) {
    test(`is a named failure where the function wrote the header ${JSON.stringify(value)}, which cannot be sent`, async () => {
      const { response, body, log } = await call(
        app,
        doing(() => ({ status: 302, headers: { location: value } })),
      );
      assert.equal(response.status, 500);
      assert.equal((body as { code: string }).code, "internal_error");
      assert.match(log, /TypeError/);
    });
  }
});

describe("the session cookie", () => {
  const headers = { cookie: "__Host-session=x" };

  test("is cleared when the session has ended, which the next sign-in finds out", async () => {
    const ended = failing(new SignInRequiredError("x", { sessionEnded: true }));
    assert.deepEqual(
      [...(await call(app, ended, { headers })).cookies],
      [
        ["__Host-session", ""],
        ["__Host-ended", "1"],
      ],
    );
    assert.equal((await call(app, ended)).cookies.size, 0);
  });

  test("stays when only a token or a claim is missing, or when something failed", async () => {
    for (const error of [
      new SignInRequiredError("x", { sessionEnded: false }),
      new StoreUnavailableError("read"),
      new Error("x"),
    ]) {
      assert.equal((await call(app, failing(error), { headers })).cookies.size, 0);
    }
  });
});

describe("the log", () => {
  const secret = "eyJhbGciOi-secret-token";
  const inner = Object.assign(new Error(`refused ${secret}`), { code: 403, body: secret, headers: { a: secret } });

  test("tells the operator what failed: names, codes and places", async () => {
    const { log } = await call(app, failing(new StoreUnavailableError("read in accounts", inner)));
    assert.match(log, /"event":"request_failed"/);
    assert.match(log, /StoreUnavailableError store_unavailable read in accounts/);
    assert.match(log, /caused by Error 403/);
    assert.match(log, /handler\.test\.ts/);
  });

  test("tells the operator the AADSTS number of a refusal, which says what to correct", async () => {
    const refused = new ServerError("invalid_client", "", `AADSTS700213: ${secret}`, "", "700213");
    const { log } = await call(app, failing(new ProblemError("app_refused", "x", { cause: refused })));
    assert.match(log, /caused by ServerError invalid_client 700213/);
    assert.doesNotMatch(log, /secret/);
  });

  test("tells the operator the number of a sign-in that was refused, and not its text, whoever asks", async () => {
    const response = { error: "access_denied", description: `AADSTS65004: ${secret}`, uri: null };
    const redeemed = new ProblemError("signin_refused", "x", {
      cause: new ServerError("invalid_grant", "", `AADSTS54005: ${secret}`, "", "54005"),
    });
    for (const headers of [{}, { accept: "text/html" }]) {
      const { log } = await call(app, failing(authorizationError(response)), { headers });
      assert.match(log, /"event":"request_refused".*"code":"signin_cancelled".*"aadsts":"65004"/);
      assert.match((await call(app, failing(redeemed), { headers })).log, /"code":"signin_refused".*"aadsts":"54005"/);
      assert.doesNotMatch(log, /secret/);
    }
  });

  test("takes no number from where none belongs", async () => {
    for (const errorNo of [secret, "12345678", "65004 x", {}, "1"]) {
      const cause = Object.assign(new Error("x"), { errorNo });
      const { log } = await call(app, failing(new ProblemError("signin_refused", "x", { cause })));
      assert.doesNotMatch(log, /aadsts/);
    }
  });

  test("tells the operator the substatus of the store's answer", async () => {
    const answer = Object.assign(new Error(secret), { code: 403, substatus: 5300 });
    const { log } = await call(app, failing(new StoreUnavailableError("read in accounts", answer)));
    assert.match(log, /caused by Error 403 substatus 5300/);
  });

  test("never repeats a message, which may hold a token or a name", async () => {
    const errors = [
      new StoreUnavailableError("read", inner),
      inner,
      new Error(`first line\n    at ${secret} (a line that looks like a frame)`),
      new AggregateError([inner], secret),
      secret,
      { secret },
    ];
    for (const error of errors) assert.doesNotMatch((await call(app, failing(error))).log, /secret/);
  });

  test("says nothing about what is the caller's own business", async () => {
    assert.equal((await call(app, failing(new ProblemError("invalid_request", "x")))).log, "");
  });

  test("has the reference that a person reads on the page, also of what was refused", async () => {
    const headers = { accept: "text/html" };
    for (const error of [new ProblemError("signin_refused", "x"), new StoreUnavailableError("read")]) {
      const { body, log } = await call(app, failing(error), { headers });
      const [, id = "none"] = /Reference for support: <code>([^<]+)</.exec(String(body)) ?? [];
      assert.ok(log.includes(`"id":"${id}"`), log);
    }
  });

  test("survives an error that is its own cause", async () => {
    const error = new Error("x");
    error.cause = error;
    assert.equal((await call(app, failing(error))).response.status, 500);
  });
});

test(
  "everything that a function waits for ends before the person has waited ten seconds",
  { timeout: 10_000 },
  async () => {
    const time = controlledTimeouts();
    const waiting = doing(
      ({ signal }) =>
        new Promise((_, reject) => {
          signal.addEventListener("abort", () => reject(new StoreUnavailableError("read")));
          time.pass(9_000);
        }),
    );
    assert.equal((await call(app, waiting)).response.status, 503);
  },
);
