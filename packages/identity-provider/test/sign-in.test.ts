import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeJwt } from "jose";
import { otherTenantId } from "../src/people.ts";
import { authorizeUrl, createBrowser, payroll, person, pick, portal, startProvider, textOf } from "../src/testing.ts";

const { provider, signIn, redeem } = await startProvider();
const ada = person(provider, "Ada");
const zoe = person(provider, "Zoë");

async function idTokenClaims(callback: URL, app = portal) {
  const { body } = await redeem(callback, app);
  return decodeJwt(textOf(body, "id_token"));
}

test("one click on the account picker signs in, and the app gets code, state and session_state only", async () => {
  const browser = createBrowser(provider);
  const picker = await browser.open(authorizeUrl(provider, portal));
  assert.equal(picker.status, 200);
  for (const { name, preferredUsername, tid } of provider.people) {
    assert.equal(picker.text.includes(name), tid === provider.tenantId, name);
    assert.equal(picker.text.includes(preferredUsername), tid === provider.tenantId);
  }
  assert.match(picker.text, /Portal/);
  assert.match(picker.text, /local stand-in/);
  const { url } = await pick(browser, picker, ada);
  assert.ok(url.href.startsWith(`${portal.redirectUris[0]}?`));
  assert.deepEqual([...url.searchParams.keys()], ["code", "state", "session_state"]);
  assert.equal(url.searchParams.get("state"), "the-state");
  const { sid } = await idTokenClaims(url);
  assert.equal(sid, url.searchParams.get("session_state"));
});

test("a second app signs in without a question, under the same sid and another subject", async () => {
  const browser = createBrowser(provider);
  const first = await idTokenClaims(await signIn(browser, ada));
  const { url, status } = await browser.open(authorizeUrl(provider, payroll, { prompt: "none" }));
  assert.equal(status, undefined);
  const second = await idTokenClaims(url, payroll);
  assert.equal(second["sid"], first["sid"]);
  assert.notEqual(second.sub, first.sub);
  assert.equal(second["oid"], first["oid"]);
});

test("prompt=none without a session is refused at the app, and so is a hint for somebody else", async () => {
  const browser = createBrowser(provider);
  const silent = authorizeUrl(provider, portal, { prompt: "none" });
  const { url } = await browser.open(silent);
  assert.equal(url.searchParams.get("error"), "login_required");
  assert.match(url.searchParams.get("error_description") ?? "", /^AADSTS50058: /);
  assert.equal(url.searchParams.get("state"), "the-state");
  assert.equal(url.searchParams.get("iss"), null);
  await signIn(browser, ada);
  const other = authorizeUrl(provider, portal, { prompt: "none", login_hint: zoe.preferredUsername });
  assert.equal((await browser.open(other)).url.searchParams.get("error"), "login_required");
});

test("login_hint skips the picker, as user name and as the claim of that name", async () => {
  const byName = await createBrowser(provider).open(
    authorizeUrl(provider, portal, { login_hint: zoe.preferredUsername.toUpperCase(), domain_hint: "organizations" }),
  );
  const claims = await idTokenClaims(byName.url);
  assert.equal(claims["oid"], zoe.oid);
  const hint = textOf(claims, "login_hint");
  assert.ok(!hint.includes(zoe.preferredUsername));
  const byClaim = await createBrowser(provider).open(authorizeUrl(provider, portal, { login_hint: hint }));
  assert.equal((await idTokenClaims(byClaim.url))["oid"], zoe.oid);
  const unknown = await createBrowser(provider).open(
    authorizeUrl(provider, portal, { login_hint: "who@nowhere.example" }),
  );
  assert.match(unknown.text, /Pick an account/);
});

test("prompt=login and prompt=select_account ask although somebody is signed in; the same person keeps the sid", async () => {
  const browser = createBrowser(provider);
  const { sid } = await idTokenClaims(await signIn(browser, ada));
  for (const prompt of ["login", "select_account"]) {
    const picker = await browser.open(authorizeUrl(provider, portal, { prompt, login_hint: ada.preferredUsername }));
    assert.match(picker.text, /Pick an account/);
    const again = await idTokenClaims((await pick(browser, picker, ada)).url);
    assert.equal(again["sid"], sid);
  }
});

test("choosing another person starts a new session with a new sid", async () => {
  const browser = createBrowser(provider);
  const first = await idTokenClaims(await signIn(browser, ada));
  const picker = await browser.open(authorizeUrl(provider, portal, { prompt: "select_account" }));
  const second = await idTokenClaims((await pick(browser, picker, zoe)).url);
  assert.equal(second["oid"], zoe.oid);
  assert.notEqual(second["sid"], first["sid"]);
  const silent = await idTokenClaims(await signIn(browser, zoe));
  assert.equal(silent["sid"], second["sid"]);
});

test("two tabs that both stand at the picker can both finish, with the same person or with another", async () => {
  for (const who of [ada, zoe]) {
    const browser = createBrowser(provider);
    const one = await browser.open(authorizeUrl(provider, portal, { state: "one" }));
    const two = await browser.open(authorizeUrl(provider, portal, { state: "two" }));
    assert.equal((await pick(browser, one, ada)).url.searchParams.get("state"), "one");
    const { url } = await pick(browser, two, who);
    assert.equal(url.searchParams.get("state"), "two");
    assert.equal((await idTokenClaims(url))["oid"], who.oid);
  }
});

test("a tab that waits at the picker survives another tab's change of person", async () => {
  const browser = createBrowser(provider);
  await signIn(browser, ada);
  const waiting = await browser.open(authorizeUrl(provider, portal, { prompt: "select_account", state: "waiting" }));
  const changing = await browser.open(authorizeUrl(provider, portal, { prompt: "select_account" }));
  await pick(browser, changing, zoe);
  const { url } = await pick(browser, waiting, ada);
  assert.equal(url.searchParams.get("state"), "waiting");
  assert.equal((await idTokenClaims(url))["oid"], ada.oid);
});

test("Cancel takes the person back to the app with access_denied", async () => {
  const browser = createBrowser(provider);
  const picker = await browser.open(authorizeUrl(provider, portal));
  const { url } = await browser.open(picker.url.href, { cancel: "yes" });
  assert.equal(url.searchParams.get("error"), "access_denied");
  assert.equal(url.searchParams.get("error_subcode"), "cancel");
  assert.match(url.searchParams.get("error_description") ?? "", /^AADSTS65004: /);
});

test("prompt=consent asks for the scopes, and only then", async () => {
  const browser = createBrowser(provider);
  await signIn(browser, ada);
  const scope = "openid profile Mail.Read";
  const consent = await browser.open(authorizeUrl(provider, portal, { prompt: "consent", scope }));
  assert.match(consent.text, /Permissions requested/);
  assert.match(consent.text, /Mail\.Read/);
  const { url } = await browser.open(consent.url.href, { consent: "accept" });
  assert.ok(url.searchParams.has("code"));
});

test("a tenant's authority offers its own people, and a session of another tenant does not count there", async () => {
  const priya = person(provider, "Priya");
  const browser = createBrowser(provider);
  const everybody = await browser.open(authorizeUrl(provider, portal, {}, "organizations"));
  assert.ok(provider.people.every(({ name }) => everybody.text.includes(name)));
  await pick(browser, everybody, priya);
  const picker = await browser.open(authorizeUrl(provider, portal));
  assert.match(picker.text, /Pick an account/);
  assert.ok(!picker.text.includes(priya.name));
  const forced = await pick(browser, picker, priya);
  assert.equal(forced.status, 400);
  const other = await browser.open(authorizeUrl(provider, portal, {}, otherTenantId));
  assert.ok(other.url.searchParams.has("code"));
});

test("response_mode=form_post posts the response to the app", async () => {
  const browser = createBrowser(provider);
  await signIn(browser, ada);
  const page = await browser.open(authorizeUrl(provider, portal, { response_mode: "form_post" }));
  assert.equal(page.status, 200);
  assert.match(page.text, /action="http:\/\/localhost:7071\/auth\/callback"/);
  assert.match(page.text, /name="code"/);
  assert.match(page.text, /name="session_state"/);
});
