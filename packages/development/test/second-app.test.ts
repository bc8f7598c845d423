import assert from "node:assert/strict";
import { after, test } from "node:test";
import { secondAppRegistration, startSecondApp } from "../src/second-app/app.ts";
import {
  authorizeUrl,
  createBrowser,
  payroll,
  person,
  pick,
  startProvider,
  testCertificates,
} from "@entra-functions-bff/identity-provider/testing";

const { provider, signIn } = await startProvider();
const { ca } = await testCertificates();
const credentials = { clientId: "second-app", clientSecret: "second-secret" };
const { instance, tenantId } = provider;
const app = await startSecondApp({ port: 0, instance, tenantId, ca, ...credentials });
after(async () => app.stop());
provider.controls.registerApp(secondAppRegistration(app.url, credentials));
const ada = person(provider, "Ada");

test("it signs in without a question where somebody is signed in at another app", async () => {
  const browser = createBrowser(provider, app.url);
  await signIn(browser, ada, payroll);
  assert.match((await browser.open(app.url)).text, /You are signed out/);
  const home = await browser.open(`${app.url}/sign-in`);
  assert.equal(home.url.href, `${app.url}/`);
  assert.match(home.text, /Hello, Ada Lindqvist/);
  assert.match(home.text, /Contoso Expenses/);
});

test("it signs in from nothing too, over the account picker", async () => {
  const browser = createBrowser(provider, app.url);
  const picker = await browser.open(`${app.url}/sign-in`);
  assert.match(picker.text, /Pick an account/);
  assert.match((await pick(browser, picker, person(provider, "Zoë"))).text, /Hello, Zoë Okonkwo/);
});

test("its Sign out button ends its own session and asks the provider to call every app", async () => {
  const browser = createBrowser(provider, app.url);
  await signIn(browser, ada, payroll);
  await browser.open(`${app.url}/sign-in`);
  const page = await browser.open(`${app.url}/sign-out`, {});
  assert.match(page.text, /Signing you out/);
  const frames = [...page.text.matchAll(/<iframe\s+src="([^"]+)"/g)].map(
    ([, url = ""]) => new URL(url.replaceAll("&amp;", "&")),
  );
  assert.deepEqual(frames.map(({ origin }) => origin).toSorted(), [app.url, "http://localhost:9001"].toSorted());
  assert.ok(page.text.includes(JSON.stringify(`${app.url}/`)), "the browser comes back to the app");
  assert.match((await browser.open(app.url)).text, /You are signed out/);
  const silent = await browser.open(authorizeUrl(provider, payroll, { prompt: "none" }));
  assert.equal(silent.url.searchParams.get("error"), "login_required");
});

test("its Logout URL ends the session of that sid without a cookie, and no other", async () => {
  const [one, two] = [createBrowser(provider, app.url), createBrowser(provider, app.url)];
  const callback = await signIn(one, ada, payroll);
  await one.open(`${app.url}/sign-in`);
  await signIn(two, ada, payroll);
  await two.open(`${app.url}/sign-in`);
  const sid = callback.searchParams.get("session_state") ?? "";
  for (const query of ["", "?sid=", "?sid=unknown", `?sid=${sid}`]) {
    const answer = await fetch(`${app.url}/frontchannel-logout${query}`);
    assert.equal(answer.status, 200);
    assert.equal(answer.headers.get("x-frame-options"), null);
  }
  assert.match((await one.open(app.url)).text, /You are signed out/);
  assert.match((await two.open(app.url)).text, /Hello/);
});

test("a callback with a foreign state signs nobody in, and another site's form signs nobody out", async () => {
  const browser = createBrowser(provider, app.url);
  await signIn(browser, ada, payroll);
  assert.match((await browser.open(`${app.url}/signed-in?code=x&state=y`)).text, /You are signed out/);
  await browser.open(`${app.url}/sign-in`);
  const foreign = await fetch(`${app.url}/sign-out`, {
    method: "POST",
    headers: { origin: "http://localhost:7071", cookie: browser.cookies().join("; ") },
  });
  assert.equal(foreign.status, 403);
  assert.match((await browser.open(app.url)).text, /Hello/);
});

test("a cancelled sign-in comes back to the app, signed out", async () => {
  const browser = createBrowser(provider, app.url);
  const picker = await browser.open(`${app.url}/sign-in`);
  assert.match((await browser.open(picker.url.href, { cancel: "yes" })).text, /You are signed out/);
});
