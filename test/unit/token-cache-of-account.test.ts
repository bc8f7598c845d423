import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { mergeTokenCaches, ofAccountAlone } from "../../shared/identity/token-cache.ts";

const entry = (home: string, secret: string) => ({ home_account_id: home, secret });
const cache = (entries: Readonly<Record<string, object>>) =>
  JSON.stringify({ Account: {}, AccessToken: entries, AppMetadata: { "appmetadata-x": { client_id: "x" } } });

describe("a session's token cache", () => {
  test("keeps nothing of another account, in no section, and everything else", () => {
    const sections = ["Account", "IdToken", "AccessToken", "RefreshToken", "a section to come"];
    const mixed = Object.fromEntries(
      sections.map((section) => [section, { "ada-1": entry("ada.home", "a"), "bob-1": entry("bob.home", "b") }]),
    );
    const text = JSON.stringify({ ...mixed, AppMetadata: { "appmetadata-x": { client_id: "x" } }, version: 3 });
    const own = JSON.parse(ofAccountAlone(text, "ada.home")) as Record<string, unknown>;
    for (const section of sections) assert.deepEqual(own[section], { "ada-1": entry("ada.home", "a") }, section);
    assert.deepEqual(own["AppMetadata"], { "appmetadata-x": { client_id: "x" } });
    assert.equal(own["version"], 3);
  });

  test("of one account is left as it is, byte for byte", () => {
    const own = cache({ "ada-1": entry("ada.home", "a") });
    assert.equal(ofAccountAlone(own, "ada.home"), own);
  });

  test("takes nothing of another account from what another request has stored", () => {
    const [base, ours] = [cache({}), cache({ "ada-2": entry("ada.home", "new") })];
    const theirs = cache({ "ada-1": entry("ada.home", "a"), "bob-1": entry("bob.home", "b") });
    const merged = ofAccountAlone(mergeTokenCaches(base, theirs, ours), "ada.home");
    assert.doesNotMatch(merged, /bob/);
    assert.match(merged, /"ada-1".*"ada-2"/);
  });
});
