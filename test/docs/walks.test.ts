import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { sidOf } from "../support/sign-out.ts";
import { startAppInProcess, type AppInProcess } from "./app-in-process.ts";
import { readPage, tableOf } from "./markdown.ts";

const page = readPage("docs/architecture.md");
const person = "ada@contoso.example";

/** Folders whose files are not in the tables. */
const lowerRungs = /^shared\/(core|texts|telemetry|http|store)\//;

function expectWalk(title: string, files: readonly string[]): void {
  const written = tableOf(page, title).map(([file]) => file ?? "");
  const ran = files.filter((file) => !lowerRungs.test(file));
  assert.deepEqual(written.toSorted(), ran.toSorted());
  const leftOut = files.filter((file) => lowerRungs.test(file));
  assert.equal(leftOutOf(title), leftOut.length, leftOut.join("\n"));
}

/** How many files the page says that the walk's table leaves out. */
function leftOutOf(title: string): number {
  const [, section = ""] = page.text.split(`\n### ${title}\n`);
  const [, count] = /On\s+the\s+lower\s+rungs,\s+(\d+)\s+more/.exec(section) ?? [];
  return Number(count);
}

/** Each walk is a warm one: what happens only once in a process has happened. */
describe("docs/architecture.md names the files in which functions run, and no others, for", () => {
  let app: AppInProcess;
  before(async () => {
    app = await startAppInProcess();
    await signIn();
  });
  after(async () => app.stop());

  async function signIn() {
    const browser = app.client();
    const { status, url } = await browser.navigate(
      `/auth/login?${new URLSearchParams({ loginHint: person }).toString()}`,
    );
    // The page itself is not there: where the sign-in leads is not part of the walk.
    assert.deepEqual([status, new URL(url).pathname], [404, "/"]);
    assert.ok(browser.cookies("localhost").has("__Host-session"));
    return browser;
  }

  it("a callback", async () => {
    expectWalk("A callback", await app.filesOf("/auth/callback", signIn));
  });

  it("an API call", async () => {
    const browser = await signIn();
    const call = async () => {
      const { status } = await browser.fetch("/api/graph/me", { headers: { "sec-fetch-site": "same-origin" } });
      assert.equal(status, 200);
    };
    await call();
    expectWalk("An API call", await app.filesOf("/api/graph/me", call));
  });

  it("a front-channel sign-out", async () => {
    const signOut = async () => {
      const browser = await signIn();
      const path = `/auth/frontchannel-logout?sid=${sidOf(app, person)}`;
      assert.equal((await browser.fetch(path, { anonymous: true })).status, 200);
      assert.equal(
        (await browser.fetch("/api/graph/me", { headers: { "sec-fetch-site": "same-origin" } })).status,
        401,
      );
    };
    await signOut();
    expectWalk("A front-channel sign-out", await app.filesOf("/auth/frontchannel-logout", signOut));
  });
});
