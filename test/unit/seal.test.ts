import assert from "node:assert/strict";
import { hkdfSync } from "node:crypto";
import { describe, test } from "node:test";
import * as fc from "fast-check";
import { CompactEncrypt } from "jose";
import { accountKeyOf, sessionKeyOf } from "../../shared/account/document.ts";
import { sidKeyOf, subjectKeyOf } from "../../shared/account/index-entry.ts";
import { seal, unseal, type SealBinding } from "../../shared/account/seal.ts";
import type { SessionSecrets } from "../../shared/identity/session-secrets.ts";
import { randomBase64Url } from "../../shared/core/encoding.ts";
import { signedIn } from "./support/app.ts";

const secrets: SessionSecrets = {
  claims: signedIn("ada").claims,
  tokenCache: '{"RefreshToken":{"k":"refresh-token-1"}}',
};

function newBinding(): SealBinding {
  const secret = randomBase64Url(32);
  return { accountKey: randomBase64Url(32), sessionKey: sessionKeyOf(secret), secret };
}

const binding = newBinding();
const sealed = await seal(secrets, binding);
const [header = "", , iv = "", ciphertext = "", tag = ""] = sealed.split(".");

describe("a session's seal", () => {
  test("opens with the cookie's secret", async () => assert.deepEqual(await unseal(sealed, binding), secrets));

  test("shows nothing of what is in it", () => {
    const visible = sealed
      .split(".")
      .map((part) => Buffer.from(part, "base64url").toString("latin1"))
      .join();
    assert.doesNotMatch(visible, /refresh|ada|example/i);
    assert.deepEqual(JSON.parse(Buffer.from(header, "base64url").toString()), { alg: "dir", enc: "A256GCM" });
  });

  test("looks different every time, also for the same secrets", async () => {
    assert.notEqual(await seal(secrets, binding), sealed);
  });
});

describe("a seal that does not belong to the cookie is a missing session", () => {
  const other = newBinding();
  const foreign: readonly [what: string, binding: SealBinding][] = [
    ["another secret", { ...binding, secret: other.secret }],
    ["copied into another account's document", { ...binding, accountKey: other.accountKey }],
    ["copied to another session of the account", { ...binding, sessionKey: other.sessionKey }],
    ["an empty secret", { ...binding, secret: "" }],
  ];
  for (const [what, wrong] of foreign) {
    test(what, async () => assert.equal(await unseal(sealed, wrong), undefined));
  }
});

const infoOf = ({ accountKey, sessionKey }: SealBinding) =>
  `entra-functions-bff session seal v1\n${accountKey}\n${sessionKey}`;

const encoded = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");

const sealingKey = () =>
  new Uint8Array(hkdfSync("sha256", Buffer.from(binding.secret, "base64url"), "", infoOf(binding), 32));

const encrypted = async (plaintext: string, protectedHeader: { alg: string; enc: string }, cek = sealingKey()) =>
  new CompactEncrypt(new TextEncoder().encode(plaintext)).setProtectedHeader(protectedHeader).encrypt(cek);

describe("a seal that was tampered with is a missing session, never an error page", () => {
  const dir = { alg: "dir", enc: "A256GCM" };

  const damaged: readonly [what: string, value: string][] = [
    ["empty", ""],
    ["text", "sealed"],
    ["four parts", sealed.slice(0, sealed.lastIndexOf("."))],
    ["no tag", [header, "", iv, ciphertext, ""].join(".")],
    ["a short tag", [header, "", iv, ciphertext, tag.slice(0, 8)].join(".")],
    ["no initialization vector", [header, "", "", ciphertext, tag].join(".")],
    ["a header that is not JSON", ["AAAA", "", iv, ciphertext, tag].join(".")],
    ["a header of another encryption", [encoded({ alg: "dir", enc: "A128GCM" }), "", iv, ciphertext, tag].join(".")],
    [
      "a header of another key management",
      [encoded({ alg: "A256KW", enc: "A256GCM" }), "AA", iv, ciphertext, tag].join("."),
    ],
    [
      "a header that asks for a password",
      [encoded({ alg: "PBES2-HS256+A128KW", enc: "A256GCM", p2s: "AA", p2c: 9e9 }), "AA", iv, ciphertext, tag].join(
        ".",
      ),
    ],
    ["no algorithm", [encoded({ alg: "none", enc: "none" }), "", iv, ciphertext, tag].join(".")],
    ["a critical extension", [encoded({ ...dir, crit: ["exp"], exp: 1 }), "", iv, ciphertext, tag].join(".")],
    ["characters that are not base64url", sealed.replace(ciphertext, `${ciphertext}!`)],
    ["characters that are not ASCII", sealed.replace(ciphertext, `é${ciphertext}`)],
  ];
  for (const [what, value] of damaged) test(what, async () => assert.equal(await unseal(value, binding), undefined));

  test("one character changed anywhere", async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(sealed.length - 1), async (at) => {
        const changed = sealed.slice(0, at) + (sealed[at] === "A" ? "B" : "A") + sealed.slice(at + 1);
        const opened = await unseal(changed, binding);
        // The last character of a part holds unused bits: only then may the same bytes be spelled differently.
        if (opened) assert.ok(/^(\.|$)/.test(sealed.slice(at + 1, at + 2)));
      }),
      { numRuns: 60 },
    );
  });

  test("cut off anywhere", async () => {
    for (let length = 0; length < sealed.length; length += 7) {
      assert.equal(await unseal(sealed.slice(0, length), binding), undefined);
    }
  });

  test("the right key under another algorithm", async () => {
    const wrapped = await encrypted(JSON.stringify(secrets), { alg: "A256GCMKW", enc: "A256GCM" });
    assert.equal(await unseal(wrapped, binding), undefined);
    const shorter = await encrypted(JSON.stringify(secrets), { alg: "dir", enc: "A128CBC-HS256" });
    assert.equal(await unseal(shorter, binding), undefined);
  });

  test("the right key around something else", async () => {
    for (const plaintext of ["", "text", "null", "[]", "{}", '{"claims":[],"tokenCache":""}', '{"claims":{}}']) {
      assert.equal(await unseal(await encrypted(plaintext, dir), binding), undefined, plaintext);
    }
  });
});

describe("what the database knows an account, a session and a sid by", () => {
  test("is 43 characters that Azure Cosmos DB takes as an id", () => {
    for (const key of [accountKeyOf("h", "a.b"), sessionKeyOf(binding.secret), sidKeyOf("https://idp/t", "s")]) {
      assert.match(key, /^[A-Za-z0-9_-]{43}$/);
    }
  });

  test("is the same however the identity provider spells an account's id", () => {
    const id = "0abcdef1-0000-4000-8000-00000000000a.0abcdef2-0000-4000-8000-00000000000b";
    assert.equal(accountKeyOf("LOGIN.example", id.toUpperCase()), accountKeyOf("login.example", id));
  });

  test("differs between accounts, identity providers, secrets and sids", () => {
    const keys = [
      accountKeyOf("h", "a"),
      accountKeyOf("h", "b"),
      accountKeyOf("i", "a"),
      accountKeyOf("ha", ""),
      sidKeyOf("h", "c"),
      sidKeyOf("i", "c"),
      sessionKeyOf(randomBase64Url()),
      sessionKeyOf(randomBase64Url()),
    ];
    assert.equal(new Set(keys).size, keys.length);
  });

  test("has one purpose: no sid, which anybody can send, is spelled like a subject or an account", () => {
    const [issuer, subject] = ["https://idp.example", "user-1"];
    const others = new Set([subjectKeyOf(issuer, subject), accountKeyOf(issuer, subject)]);
    for (const sid of [subject, `sub\n${subject}`, `\n${subject}`, `\nsub\n${subject}`, `${issuer}\nsub\n${subject}`]) {
      assert.ok(!others.has(sidKeyOf(issuer, sid)), JSON.stringify(sid));
    }
  });

  test("is not the secret itself", () => assert.notEqual(sessionKeyOf(binding.secret), binding.secret));
});
