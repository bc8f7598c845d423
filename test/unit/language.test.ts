import assert from "node:assert/strict";
import { globSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { describe, test } from "node:test";
import * as fc from "fast-check";
import { frontChannelLogout } from "../../functions/front-channel-logout.ts";
import { logout, logoutConfirmation } from "../../functions/logout.ts";
import { signedOut } from "../../functions/signed-out.ts";
import { formatSessionCookie } from "../../shared/session/cookie.ts";
import { preferredLanguage, textsFor, usualLanguages } from "../../shared/texts/language.ts";
import { english } from "../../shared/texts/english.ts";
import { german } from "../../shared/texts/german.ts";
import { testApp } from "./support/app.ts";
import { call } from "./support/http.ts";
import { signIn } from "./support/sessions.ts";

const [first, ...others] = ["en", "de", "pt-BR", "pt"].map((language) => ({ language }));
assert.ok(first);
const chosen = (field: string | null) => preferredLanguage(field, [first, ...others]).language;

describe("a page is in the language that the browser asks for", () => {
  const fields: readonly [field: string | null, language: string][] = [
    [null, "en"],
    ["", "en"],
    ["de", "de"],
    ["DE-at", "de"],
    ["de-CH-1996,fr;q=0.9", "de"],
    ["fr,de;q=0.5,en;q=0.4", "de"],
    ["en;q=0.4,de;q=0.5", "de"],
    ["en, de", "en"],
    ["de , en", "de"],
    ["en;q=0.8,de ; q=0.8", "en"],
    ["pt", "pt-BR"],
    ["pt-PT", "pt"],
    ["pt-BR;q=0.1,pt", "pt"],
    ["de;q=0,de-AT,en;q=0.1", "en"],
    ["*", "en"],
    ["en;q=0,*;q=0.1", "de"],
    ["fr;q=1.0,*;q=0.5,en;q=0", "de"],
    ["*;q=0", "en"],
    ["fr", "en"],
    ["deutsch", "en"],
    ["d", "en"],
  ];
  for (const [field, language] of fields)
    test(`${field ?? "nothing"}: ${language}`, () => assert.equal(chosen(field), language));

  test("members that are malformed do not count", () => {
    for (const bad of [
      "de;q=2",
      "de;q=",
      "de;q=0.1234",
      "de;q=-1",
      "de;x=1",
      "de_DE",
      "de-",
      "<de>",
      "de;;q=1",
      "dé",
    ]) {
      assert.equal(chosen(`${bad},pt;q=0.1`), "pt-BR", bad);
    }
  });

  test("any field at all gives one of those that there are, and the best is never one that is refused", () => {
    const tag = fc.constantFrom("en", "de", "pt", "pt-BR", "de-AT", "fr", "*");
    const quality = fc.constantFrom("", ";q=0", ";q=0.5", ";q=1", "; q=0.001", ";q=x");
    const member = fc.oneof(
      fc.tuple(tag, quality).map((parts) => parts.join("")),
      fc.string(),
    );
    fc.assert(
      fc.property(fc.array(member, { maxLength: 60 }), (members) => {
        const field = members.join(",");
        assert.ok(["en", "de", "pt-BR", "pt"].includes(chosen(field)));
        assert.equal(chosen(`de;q=0,en,${field.replaceAll(/\bde/g, "fr")}`) === "de", false);
      }),
      { numRuns: 300 },
    );
  });
});

describe("the app's own pages in German", () => {
  const app = testApp();
  const headers = { "accept-language": "de-DE,de;q=0.9,en;q=0.8" };

  test("ask whether to sign out", async () => {
    const { body, headers: fields } = await call(app, logoutConfirmation, { path: "/auth/logout", headers });
    assert.match(String(body), /<html lang="de">[^]*<h1>Abmelden\?<[^]*>Abmelden<\/button>[^]*>Angemeldet bleiben</);
    assert.equal(fields["vary"], "accept-language");
  });

  test("say that the browser goes on to the identity provider", async () => {
    const cookie = `__Host-session=${formatSessionCookie(await signIn(app, "ada", { sid: "s" }))}`;
    const asPerson = { ...headers, cookie, accept: "text/html", "sec-fetch-site": "same-origin" };
    const { body } = await call(app, logout, { path: "/auth/logout", headers: asPerson });
    assert.match(String(body), /<html lang="de">[^]*<h1>Sie werden abgemeldet<[^]*>Weiter</);
  });

  test("are also those in the identity provider's frames", async () => {
    const { body } = await call(app, frontChannelLogout, { path: "/auth/frontchannel-logout?sid=s", headers });
    assert.match(String(body), /<html lang="de">[^]*<h1>Abgemeldet<[^]*Sie sind von dieser App abgemeldet\./);
  });

  test("say that nobody is signed in any more", async () => {
    const { body } = await call(app, signedOut, { path: "/auth/signed-out?incomplete=1", headers });
    assert.match(
      String(body),
      /<h1>Sie sind abgemeldet<[^]*Dort sind Sie vielleicht noch angemeldet[^]*>Zurück zur App</,
    );
  });

  test("are in the app's own language if it has only one", async () => {
    const swiss = { ...german, language: "de-CH" };
    const { body } = await call({ ...app, languages: [swiss] }, signedOut, { path: "/auth/signed-out" });
    assert.match(String(body), /<html lang="de-CH">/);
  });
});

/** Every text by its path, such as `signedOut.title`. */
function textsOf(texts: object, path = ""): [path: string, text: string][] {
  return Object.entries(texts).flatMap(([name, value]: [string, unknown]) => {
    return typeof value === "object" && value !== null
      ? textsOf(value, `${path}${name}.`)
      : [[path + name, String(value)]];
  });
}

describe("the texts", () => {
  test("are the same in number in every language, each said once, and none is left in English", () => {
    const [inEnglish, inGerman] = [new Map(textsOf(english)), new Map(textsOf(german))];
    assert.deepEqual([...inGerman.keys()].sort(), [...inEnglish.keys()].sort());
    for (const [path, text] of inGerman) {
      assert.notEqual(text, inEnglish.get(path), path);
      assert.match(text, /^\S(.*\S)?$/, path);
      assert.doesNotMatch(text, /["'<>&]|\b(du|dein\w*|dir|dich)\b/i, path);
      const endsSentence = path.startsWith("advice.") || path.endsWith(".text") || path.endsWith(".incomplete");
      if (endsSentence) assert.match(text, /\.$/, path);
    }
  });

  test("are all shown somewhere", async () => {
    const files = globSync("{functions,shared}/**/*.ts").filter((file) => !file.includes("/texts/"));
    const sources = (await Promise.all(files.map(async (file) => readFile(file, "utf8")))).join("\n");
    const names = new Set(textsOf(english).flatMap(([path]) => path.split(".")));
    for (const name of names) assert.match(sources, new RegExp(`\\b${name}\\b`), name);
  });

  test("are in English where nothing else is asked for", () => {
    assert.equal(textsFor({ headers: new Headers() }, usualLanguages), english);
  });
});
