import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeJwt } from "jose";
import {
  authorizeUrl,
  createBrowser,
  payroll,
  person,
  portal,
  startProvider,
  textOf,
  type Browser,
} from "../src/testing.ts";

const { provider, signIn, askForTokens, redeem } = await startProvider();
const ada = person(provider, "Ada");
const afterwards = portal.postLogoutRedirectUris[0] ?? "";

function endSessionUrl(parameters: Readonly<Record<string, string>>): string {
  return `${provider.publicUrl}/${provider.tenantId}/oauth2/v2.0/logout?${new URLSearchParams(parameters).toString()}`;
}

/** Ada's browser, signed in to both apps. */
async function signedIn() {
  const browser = createBrowser(provider);
  const { body } = await redeem(await signIn(browser, ada));
  await signIn(browser, ada, payroll);
  const claims = decodeJwt(textOf(body, "id_token"));
  return {
    browser,
    body,
    sid: textOf(claims, "sid"),
    loginHint: textOf(claims, "login_hint"),
    idToken: textOf(body, "id_token"),
  };
}

function framesOf(page: string): string[] {
  return [...page.matchAll(/<iframe\s+src="([^"]+)"/g)].map(([, url = ""]) => url.replaceAll("&amp;", "&"));
}

async function isSignedIn(browser: Browser): Promise<boolean> {
  const { url } = await browser.open(authorizeUrl(provider, portal, { prompt: "none" }));
  return url.searchParams.has("code");
}

test("with a logout_hint nobody is asked: the session is over, every app's Logout URL is called with sid only", async () => {
  for (const hintOf of [(hint: string) => hint, () => ada.preferredUsername]) {
    const { browser, sid, loginHint } = await signedIn();
    const page = await browser.open(
      endSessionUrl({ logout_hint: hintOf(loginHint), post_logout_redirect_uri: afterwards, state: "s t" }),
    );
    assert.equal(page.status, 200);
    assert.deepEqual(framesOf(page.text).toSorted(), [
      `http://localhost:7071/auth/frontchannel-logout?sid=${sid}`,
      `http://localhost:9001/frontchannel-logout?from=idp&sid=${sid}`,
    ]);
    assert.ok(page.text.includes(JSON.stringify(`${afterwards}?state=s+t`)), "the script goes on to the app");
    assert.match(page.text, /<noscript><meta http-equiv="refresh" content="3;url=http:\/\/localhost:7071/);
    const policy = page.headers.get("content-security-policy") ?? "";
    assert.match(policy, /frame-src http:\/\/localhost:7071 http:\/\/localhost:9001/);
    assert.equal(await isSignedIn(browser), false);
  }
});

test("only the apps signed in under this browser's session are called", async () => {
  const browser = createBrowser(provider);
  await signIn(browser, ada, payroll);
  const page = await browser.open(endSessionUrl({ logout_hint: ada.preferredUsername }));
  assert.deepEqual(
    framesOf(page.text).map((url) => new URL(url).origin),
    ["http://localhost:9001"],
  );
});

test("the page waits for the person only where a control says so, and then they can choose that it goes on", async () => {
  const { browser, loginHint } = await signedIn();
  assert.doesNotMatch((await browser.open(provider.publicUrl)).text, /Stop at the page/);
  provider.controls.holdSignOutPage = true;
  const account = await browser.open(provider.publicUrl);
  const page = await browser.open(endSessionUrl({ logout_hint: loginHint }));
  provider.controls.holdSignOutPage = false;
  assert.match(account.text, /<input type="checkbox" \/>Stop at the page that tells the apps/);
  assert.equal(framesOf(page.text).length, 2);
  assert.doesNotMatch(page.text, /http-equiv="refresh"/);
  assert.match(page.text, /<input type="checkbox" \/>Stop at this page/);
  assert.match(page.text, /<a class="button" href="[^"]+" id="continue">Continue<\/a>/);
});

test("a control adds iss to the call", async () => {
  const { browser, loginHint } = await signedIn();
  provider.controls.includeIssInFrontChannel = true;
  const page = await browser.open(endSessionUrl({ logout_hint: loginHint }));
  provider.controls.includeIssInFrontChannel = false;
  const [first = ""] = framesOf(page.text);
  assert.equal(new URL(first).searchParams.get("iss"), `${provider.instance}${provider.tenantId}/v2.0`);
});

test("without a hint, or with somebody else's, the page asks which account, and a click confirms", async () => {
  for (const hint of [{}, { logout_hint: person(provider, "Zoë").preferredUsername }]) {
    const { browser } = await signedIn();
    const asked = await browser.open(endSessionUrl({ ...hint, post_logout_redirect_uri: afterwards, state: "x" }));
    assert.match(asked.text, /Which account do you want to sign out of/);
    assert.equal(await isSignedIn(browser), true);
    const page = await browser.open(asked.url.href, {
      confirmed: "yes",
      post_logout_redirect_uri: afterwards,
      state: "x",
    });
    assert.equal(framesOf(page.text).length, 2);
    assert.ok(page.text.includes(`"${afterwards}?state=x"`));
    assert.equal(await isSignedIn(browser), false);
  }
});

test("another site's form cannot confirm", async () => {
  const { browser } = await signedIn();
  const answer = await fetch(endSessionUrl({}), {
    method: "POST",
    headers: { origin: "http://127.0.0.1:9999", cookie: browser.cookies().join("; ") },
    body: new URLSearchParams({ confirmed: "yes" }),
  });
  assert.match(await answer.text(), /Which account do you want to sign out of/);
  assert.equal(await isSignedIn(browser), true);
});

test("without a session the browser goes straight on", async () => {
  const { url } = await createBrowser(provider).open(
    endSessionUrl({ post_logout_redirect_uri: afterwards, state: "y" }),
  );
  assert.equal(url.href, `${afterwards}?state=y`);
});

test("an address that no app registered is not gone to; with an id_token_hint it must be that app's", async () => {
  const stay = async (parameters: Readonly<Record<string, string>>) => {
    const page = await createBrowser(provider).open(endSessionUrl(parameters));
    assert.equal(page.status, 200);
    assert.match(page.text, /You signed out/);
  };
  const { idToken } = await signedIn();
  await stay({ post_logout_redirect_uri: "http://attacker.example/" });
  await stay({ post_logout_redirect_uri: `${afterwards}/` });
  await stay({ post_logout_redirect_uri: payroll.postLogoutRedirectUris[0] ?? "", id_token_hint: idToken });
  await stay({ post_logout_redirect_uri: afterwards, id_token_hint: `${idToken}x` });
  const { url } = await createBrowser(provider).open(
    endSessionUrl({ post_logout_redirect_uri: afterwards, id_token_hint: idToken }),
  );
  assert.equal(url.href, afterwards);
});

test("signing out does not revoke refresh tokens", async () => {
  const { browser, loginHint, body } = await signedIn();
  await browser.open(endSessionUrl({ logout_hint: loginHint }));
  const refreshToken = textOf(body, "refresh_token");
  const { status } = await askForTokens({ grant_type: "refresh_token", refresh_token: refreshToken });
  assert.equal(status, 200);
});

test("the provider's own page says who is signed in and where, and signs out everywhere", async () => {
  const { browser, sid } = await signedIn();
  const account = await browser.open("/");
  for (const shown of [ada.name, ada.preferredUsername, "Portal", "Payroll"])
    assert.ok(account.text.includes(shown), shown);
  const page = await browser.open("/signout", {});
  assert.deepEqual(
    framesOf(page.text).map((url) => new URL(url).searchParams.get("sid")),
    [sid, sid],
  );
  assert.match((await browser.open("/")).text, /Nobody is signed in/);
  assert.equal(await isSignedIn(browser), false);
});

test("another site's form cannot sign out at the provider's page", async () => {
  const { browser } = await signedIn();
  const answer = await fetch(`${provider.publicUrl}/signout`, {
    method: "POST",
    headers: { origin: "http://localhost:7071", cookie: browser.cookies().join("; ") },
  });
  assert.equal(answer.status, 403);
  assert.equal(await isSignedIn(browser), true);
});

test("a new session after sign-out has a new sid", async () => {
  const { browser, sid, loginHint } = await signedIn();
  await browser.open(endSessionUrl({ logout_hint: loginHint }));
  const { body } = await redeem(await signIn(browser, ada));
  assert.notEqual(decodeJwt(textOf(body, "id_token"))["sid"], sid);
});

test("the app's own quotes cannot end the page's script", async () => {
  const { browser, loginHint } = await signedIn();
  const state = '</script><script>alert(1)//"';
  const page = await browser.open(
    endSessionUrl({ logout_hint: loginHint, post_logout_redirect_uri: afterwards, state }),
  );
  assert.ok(!page.text.includes("<script>alert"));
});
