import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { checkedPolicy } from "../../shared/http/checked-policy.ts";
import { pagePolicy, type ContentPolicy } from "../../shared/http/page-policy.ts";

const directivesOf = (policy: string) =>
  new Map(policy.split("; ").map((part) => [part.slice(0, part.indexOf(" ")), part.slice(part.indexOf(" ") + 1)]));

describe("the policy of a page", () => {
  test("allows the app's own files, and nothing inline, in frames or from elsewhere", () => {
    const policy = directivesOf(pagePolicy());
    assert.equal(policy.get("default-src"), "'none'");
    for (const own of ["script-src", "style-src", "font-src", "connect-src", "worker-src", "form-action"]) {
      assert.equal(policy.get(own), "'self'");
    }
    for (const nothing of ["frame-src", "frame-ancestors", "base-uri"]) assert.equal(policy.get(nothing), "'none'");
  });

  test("allows what the app adds, and scripts and styles with the answer's nonce", () => {
    const added = {
      styleSrc: ["https://fonts.example"],
      fontSrc: ["https://fonts.example"],
      workerSrc: ["blob:"],
      connectSrc: ["wss://live.example"],
      frameSrc: ["https://player.example"],
    };
    const policy = directivesOf(pagePolicy(checkedPolicy(added), "r4nd0m"));
    assert.equal(policy.get("style-src"), "'self' 'nonce-r4nd0m' https://fonts.example");
    assert.equal(policy.get("script-src"), "'self' 'nonce-r4nd0m'");
    assert.equal(policy.get("font-src"), "'self' https://fonts.example");
    assert.equal(policy.get("worker-src"), "'self' blob:");
    assert.equal(policy.get("connect-src"), "'self' wss://live.example");
    assert.equal(policy.get("frame-src"), "https://player.example");
  });
});

describe("what an app adds to the policy is checked when it starts:", () => {
  const sources = [
    ["https://cdn.example", "https://cdn.example:8443/lib/", "*.cdn.example", "http://localhost:5173", "localhost:*"],
    ["ws://127.0.0.1:5173", "http://intranet", "'self'", "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='"],
  ].flat();
  test("sources of every form", () => {
    for (const source of sources) assert.deepEqual(checkedPolicy({ scriptSrc: [source] }).scriptSrc, [source]);
  });

  test("no second directive, second field or forgotten quotes", () => {
    const broken = [
      "https://a.example; script-src *",
      "https://a.example\r\nset-cookie: a=b",
      "a.example b.example",
      "",
    ];
    const misspelled = [
      "self",
      "none",
      "'none'",
      "unsafe-inline",
      "'nonce-abc'",
      "https://é.example",
      "https://a.example,",
    ];
    for (const source of [...broken, ...misspelled]) {
      assert.throws(
        () => checkedPolicy({ imgSrc: [source], allowUnsafe: true }),
        /contentSecurityPolicy.imgSrc/,
        source,
      );
    }
    const unknown = { fonts: ["https://fonts.example"] } as ContentPolicy;
    assert.throws(() => checkedPolicy(unknown), /has no fonts; it has scriptSrc/);
  });

  test("what would undo the protection only if that is said", () => {
    for (const source of ["'unsafe-inline'", "'unsafe-eval'", "*", "https://*", "https:", "data:", "blob:"]) {
      assert.throws(() => checkedPolicy({ scriptSrc: [source] }), /set allowUnsafe/, source);
      assert.deepEqual(checkedPolicy({ scriptSrc: [source], allowUnsafe: true }).scriptSrc, [source]);
    }
    assert.doesNotThrow(() => checkedPolicy({ imgSrc: ["blob:"], mediaSrc: ["https:"] }));
  });
});
