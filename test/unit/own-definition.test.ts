import assert from "node:assert/strict";
import { IncomingMessage } from "node:http";
import { Socket } from "node:net";
import { describe, test } from "node:test";
import { HttpRequest } from "@azure/functions";
import { ownDefinition } from "../../functions/own-definition.ts";
import { requestAsSent } from "../../shared/pipeline/request-as-sent.ts";
import type { RequestContext } from "../../shared/pipeline/handler.ts";
import { cookieJar } from "../../shared/http/cookie-jar.ts";
import { formatSessionCookie } from "../../shared/session/cookie.ts";
import { invocation, testApp } from "./support/app.ts";
import { isProblem } from "./support/is-problem.ts";
import { signIn } from "./support/sessions.ts";

const origin = "https://app.example";

/** What an own function gets of a body, with and without HTTP streams. */
async function bodyRead(text: string, streaming: boolean): Promise<unknown> {
  const app = testApp();
  const cookie = `__Host-session=${formatSessionCookie(await signIn(app, "ada"))}`;
  const headers = { cookie, origin, "content-type": "application/json" };
  const given = new HttpRequest({ method: "POST", url: `${origin}/own`, headers, body: { string: text } });
  const forwarded = new IncomingMessage(new Socket());
  Object.assign(forwarded, { headers, headersDistinct: { cookie: [cookie], origin: [origin] } });
  const request = streaming ? requestAsSent(given, forwarded, "own") : given;
  let seen: unknown;
  const { handler } = ownDefinition("own", {
    route: "own",
    methods: ["POST"],
    handler: async (own) => {
      seen = await own.json();
      return {};
    },
  });
  const context = { ...invocation(), app, cookies: cookieJar(request.headers, app.configuration) };
  await handler(request, context as unknown as RequestContext & { defer: never });
  return seen;
}

describe("an own function reads JSON", () => {
  for (const [mode, streaming] of [
    ["without HTTP streams", false],
    ["with HTTP streams", true],
  ] as const) {
    test(mode, async () => assert.deepEqual(await bodyRead('{"a":1}', streaming), { a: 1 }));

    test(`${mode}, and what is none is the caller's mistake`, async () => {
      await assert.rejects(bodyRead("{", streaming), isProblem("invalid_request"));
    });
  }
});
