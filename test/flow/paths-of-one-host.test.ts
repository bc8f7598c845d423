import assert from "node:assert/strict";
import { after, before, beforeEach, describe, it } from "node:test";
import { assertProblem } from "../support/assertions.ts";
import { createClient, type Client } from "../support/http-client.ts";
import { startPathsOfOneHost, type PathsOfOneHost } from "../support/paths-of-one-host.ts";
import { finishSignOut, sidOf } from "../support/sign-out.ts";
import { ownForm } from "../support/world.ts";

const apps = ["orders", "billing"] as const;
type AppName = (typeof apps)[number];
const people = { orders: "ada@contoso.example", billing: "bruno@contoso.example" } as const;

describe("two apps below the paths of one host, one proxy removing the path and the other keeping it", () => {
  let host: PathsOfOneHost;
  let client: Client;
  before(async () => {
    host = await startPathsOfOneHost();
  });
  after(() => host.stop());
  beforeEach(() => {
    client = createClient(host.origin);
  });

  const signInAt = async (app: AppName) => {
    const query = new URLSearchParams({ loginHint: people[app] });
    return client.navigate(`/${app}/auth/login?${query.toString()}`);
  };
  const whoIsAt = async (app: AppName) => {
    const answer = await client.fetch(`/${app}/auth/me`);
    return answer.status === 200 ? (answer.json()["account"] as { username: string }).username : answer.status;
  };
  const ownCookies = () => [...client.cookies("localhost").keys()].filter((name) => name.startsWith("__Host-"));

  it("keep their people and their cookies apart, and each sign-out ends one session only", async () => {
    for (const app of apps) {
      const { status, url } = await signInAt(app);
      assert.equal(status, 200);
      assert.equal(url, `${host.origin}/${app}/`);
    }
    assert.deepEqual(await Promise.all(apps.map(whoIsAt)), Object.values(people));
    for (const name of ownCookies()) assert.match(name, /^__Host-session\.(orders|billing)(-signin-[\w-]{16})?$/);

    const { trail, ...page } = await client.navigate("/orders/auth/logout", ownForm(host.origin));
    const refresh = /content="0;url=([^"]*)"/.exec(trail[0]?.body ?? "")?.[1]?.replaceAll("&amp;", "&") ?? "";
    const landing = new URL(refresh).searchParams.get("post_logout_redirect_uri");
    assert.equal(landing, `${host.origin}/orders/auth/signed-out`);
    const { landed, frames } = await finishSignOut(client, page);
    assert.deepEqual(
      frames.map(({ status }) => status),
      [200],
    );
    assert.equal(landed.url, `${host.origin}/orders/`);
    assert.deepEqual(await Promise.all(apps.map(whoIsAt)), [401, people.billing]);

    const sid = sidOf(host.billing, people.billing);
    const frame = await client.fetch(`/billing/auth/frontchannel-logout?sid=${sid}`, { anonymous: true });
    assert.equal(frame.status, 200);
    assert.equal(await whoIsAt("billing"), 401);
  });

  for (const app of apps) {
    it(`at /${app}: every address that the app gives out is below its path`, async () => {
      await signInAt(app);
      assert.equal((await client.fetch(`/${app}/api/graph/me`)).status, 200);
      const page = await client.fetch(`/${app}/`, { headers: { accept: "text/html" } });
      const confirmation = await client.navigate(`/${app}/auth/logout`);
      const problem = await client.navigate(`/${app}/auth/callback?state=x`);
      const signedOut = await createClient(host.origin).navigate(`/${app}/auth/signed-out`);
      for (const { body } of [page, confirmation, problem, signedOut]) {
        const led = [...body.matchAll(/(?:href|src|action)="(\/[^"]*)"/g)].map(([, path = ""]) => path);
        assert.ok(led.length > 0 || body === page.body, body);
        for (const path of led) assert.match(path, new RegExp(`^/${app}/`));
      }
      for (const asset of ["auth.js", "page.js", "style.css"]) {
        assert.equal((await client.fetch(`/${app}/assets/${asset}`)).status, 200);
      }
    });

    it(`at /${app}: a return URL stays below its path`, async () => {
      const query = (returnUrl: string) => new URLSearchParams({ loginHint: people[app], returnUrl }).toString();
      const landed = await client.navigate(`/${app}/auth/login?${query(`/${app}/healthz?x=1`)}`);
      assert.equal(landed.url, `${host.origin}/${app}/healthz?x=1`);
      for (const elsewhere of ["/", "/other", `/${app}/../other`, `/${app}-2/`, "/auth/me"]) {
        assertProblem(await client.fetch(`/${app}/auth/login?${query(elsewhere)}`), 400, "invalid_return_url");
      }
    });

    it(`at /${app}: whoever fails on the way to a page is led to it by signing in`, async () => {
      const { status, body } = await client.navigate(`/${app}/me/profile?a=b`);
      assert.equal(status, 401);
      assert.match(body, new RegExp(`href="/${app}/auth/login\\?returnUrl=%2F${app}%2Fme%2Fprofile%3Fa%3Db"`));
    });
  }
});
