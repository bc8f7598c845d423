import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { problemTypes } from "../../shared/core/errors.ts";
import { settings } from "../../shared/configuration/settings.ts";
import { allPages, readPage, tokensOf } from "./markdown.ts";

describe("a name in the documentation", () => {
  it("of a setting is that of a setting", () => {
    const known = Object.values(settings).map(({ name }) => name);
    const named = allPages().flatMap(({ path, text }) =>
      [...text.matchAll(/\b(?:AzureAd|CosmosDb|Session|Directory|SignOut|DownstreamApis)__[\w<>]+/g)].map(([name]) => {
        return { path, name: name.replace(/^(DownstreamApis__)[^_]+(?=__)/, "$1<name>") };
      }),
    );
    assert.ok(named.length > 30);
    // "AzureAd__ClientCredentials__0__…" stands for several.
    const unknown = named.filter(
      ({ name }) => !known.some((each) => each === name || (name.endsWith("__") && each.startsWith(name))),
    );
    assert.deepEqual(unknown, []);
  });

  it("of an error, in a symptom, is its code and its title", () => {
    const symptoms = tokensOf(readPage("docs/troubleshooting.md"), "heading").flatMap(({ text }) => {
      const [, title, code] = /^"(.+)" \(`([a-z_]+)`\)$/.exec(text) ?? [];
      return title === undefined || code === undefined ? [] : [[code, title] as const];
    });
    assert.ok(symptoms.length > 5);
    const titles = new Map(Object.entries(problemTypes).map(([code, { title }]) => [code, title.replaceAll("’", "'")]));
    for (const [code, title] of symptoms) assert.equal(title, titles.get(code), code);
  });
});
