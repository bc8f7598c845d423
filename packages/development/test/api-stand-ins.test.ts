import assert from "node:assert/strict";
import { after, test } from "node:test";
import { startProvider, textOf } from "@entra-functions-bff/identity-provider/testing";
import { startApiStandIns } from "../src/api-stand-ins.ts";

const { provider, tokensOf } = await startProvider();
const given = {
  downstreamapis__stock__scopes: "api://stock/Stock.Read",
  DownstreamApis__rates__Token: "Anonymous",
  DownstreamApis__real__BaseUrl: "https://real.example",
};
const apis = await startApiStandIns(
  {
    orders: async (request, claims) =>
      Response.json(
        { path: new URL(request.url).pathname, sent: await request.text(), by: claims["name"] },
        { status: 201 },
      ),
    stock: () => undefined,
    rates: (_request, claims) => Response.json(claims),
    real: () => Response.json({}),
  },
  given,
  provider,
);
after(async () => apis.stop());

const call = async (api: string, scope?: string, init: RequestInit = {}) => {
  const headers: Record<string, string> = {};
  if (scope)
    headers["authorization"] = `Bearer ${textOf(await tokensOf("Zoë", { scope: `openid ${scope}` }), "access_token")}`;
  return fetch(`${apis.settings[`DownstreamApis__${api}__BaseUrl`]}/open?top=1`, { ...init, headers });
};

test("a stand-in for an API of one's own gets the request, and says whose token it was", async () => {
  const answer = await call("orders", "api://orders/access", { method: "POST", body: "lamp" });
  assert.deepEqual([answer.status, await answer.json()], [201, { path: "/open", sent: "lamp", by: "Zoë Okonkwo" }]);
  assert.equal(apis.settings["DownstreamApis__orders__Scopes"], "api://orders/access");
});

test("it refuses to be called without a token, and with one for another API or other scopes", async () => {
  for (const scope of [undefined, "User.Read", "api://orders/other"]) {
    const answer = await call("orders", scope);
    assert.equal(answer.status, 401, scope);
    assert.match(answer.headers.get("www-authenticate") ?? "", /invalid_token/);
  }
});

test("it keeps to the API's settings: their scopes, no token, or the real API in its place", async () => {
  assert.equal((await call("stock", "api://stock/access")).status, 401);
  assert.equal((await call("stock", "api://stock/Stock.Read")).status, 404);
  assert.deepEqual(await (await call("rates")).json(), {});
  assert.equal("DownstreamApis__real__BaseUrl" in apis.settings, false);
});

test("one that fails answers 500, and the next request is answered", async (context) => {
  const print = context.mock.method(console, "error", () => undefined);
  const broken = await startApiStandIns(
    {
      orders: ({ url }) => {
        if (url.includes("broken")) throw new Error("out of lamps");
        return new Response(null, { status: 204 });
      },
    },
    { DownstreamApis__orders__Token: "Anonymous" },
    provider,
  );
  after(async () => broken.stop());
  const url = broken.settings["DownstreamApis__orders__BaseUrl"];
  assert.equal((await fetch(`${url}/broken`)).status, 500);
  assert.match(String(print.mock.calls[0]?.arguments[1]), /out of lamps/);
  assert.equal((await fetch(`${url}/whole`)).status, 204);
});
