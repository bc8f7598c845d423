import assert from "node:assert/strict";
import { test } from "node:test";
import { accountId } from "../src/people.ts";
import { authorizeUrl, createBrowser, person, pick, portal, startProvider } from "../src/testing.ts";

const { provider, signIn } = await startProvider();
const ada = person(provider, "Ada");

test("an unknown app and an unregistered redirect URI get a page, never a redirect", async () => {
  const browser = createBrowser(provider);
  const unknown = await browser.open(authorizeUrl(provider, { ...portal, clientId: "nobody" }));
  assert.equal(unknown.status, 400);
  assert.match(unknown.text, /AADSTS700016/);
  const foreign = await browser.open(authorizeUrl(provider, portal, { redirect_uri: "http://attacker.example/" }));
  assert.equal(foreign.status, 400);
  assert.match(foreign.text, /AADSTS50011/);
});

test("the sign-in page belongs to the browser that asked for it, and works once", async () => {
  const browser = createBrowser(provider);
  const picker = await browser.open(authorizeUrl(provider, portal));
  const stranger = await createBrowser(provider).open(picker.url.href, { account: accountId(ada) });
  assert.equal(stranger.status, 400);
  assert.match(stranger.text, /start again/);
  assert.equal((await pick(browser, picker, ada)).status, undefined);
  assert.equal((await pick(browser, picker, ada)).status, 400);
});

test("a form of another site cannot choose an account", async () => {
  const browser = createBrowser(provider);
  const picker = await browser.open(authorizeUrl(provider, portal));
  const answer = await fetch(picker.url, {
    method: "POST",
    redirect: "manual",
    headers: { origin: "http://127.0.0.1:9999", cookie: browser.cookies().join("; ") },
    body: new URLSearchParams({ account: accountId(ada) }),
  });
  assert.equal(answer.status, 400);
});

test("text from the request is shown as text", async () => {
  const browser = createBrowser(provider);
  await signIn(browser, ada);
  const scope = 'openid <script>alert(1)</script> "><img>';
  const page = await browser.open(authorizeUrl(provider, portal, { prompt: "consent", scope }));
  assert.equal(page.status, 200);
  assert.ok(!page.text.includes("<script>alert") && !page.text.includes("<img>"));
});

test("every page has a strict content security policy, is not stored and cannot be framed", async () => {
  const browser = createBrowser(provider);
  const pages = [
    await browser.open("/"),
    await browser.open(authorizeUrl(provider, portal)),
    await browser.open("/signedout"),
    await browser.open("/no/such/page"),
    await browser.open(authorizeUrl(provider, portal, { redirect_uri: "http://attacker.example/" })),
  ];
  for (const { headers, text } of pages) {
    const policy = headers.get("content-security-policy") ?? "";
    assert.match(policy, /default-src 'none'.*frame-ancestors 'none'/);
    assert.ok(!policy.includes("unsafe"));
    assert.equal(headers.get("cache-control"), "no-store");
    assert.doesNotMatch(text, /(src|href)="https?:/);
    assert.match(text, /local stand-in for Microsoft Entra ID/);
  }
});

test("the parameters the provider keeps for itself cannot be set from outside", async () => {
  const browser = createBrowser(provider);
  await signIn(browser, ada);
  const url = authorizeUrl(provider, portal, { prompt: "consent", requested_scope: "openid Smuggled.All" });
  assert.ok(!(await browser.open(url)).text.includes("Smuggled.All"));
});

test("a repeated parameter is refused", async () => {
  const browser = createBrowser(provider);
  const { url } = await browser.open(`${authorizeUrl(provider, portal)}&scope=openid`);
  assert.equal(url.searchParams.get("error"), "invalid_request");
});
