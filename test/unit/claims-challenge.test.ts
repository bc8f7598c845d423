import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { claimsChallenge } from "../../shared/downstream/claims-challenge.ts";

const challenge = (encoded: string) => `Bearer realm="", error="insufficient_claims", claims="${encoded}"`;

describe("a claims challenge of an API", () => {
  const claims = '{"access_token":{"nbf":{"essential":true,"value":"1700000000"}}}';
  const base64 = Buffer.from(claims).toString("base64");

  test("is handed on as JSON", () => {
    assert.equal(claimsChallenge(challenge(base64)), claims);
    assert.equal(claimsChallenge(challenge(Buffer.from(claims).toString("base64url"))), claims);
  });

  test("is found whatever the order and case of the header's parts", () => {
    assert.equal(claimsChallenge(`bearer CLAIMS="${base64}", Error="insufficient_claims"`), claims);
  });

  const readable: readonly [what: string, field: string][] = [
    ["without quotes", `Bearer error=insufficient_claims, claims=${base64}`],
    ["with blanks around the equals signs", `Bearer error = "insufficient_claims" ,\tclaims\t= "${base64}"`],
    ["after another challenge", `Negotiate oYG3/a+b==, Basic realm="a, b", ${challenge(base64)}`],
    ["before another challenge", `${challenge(base64)}, Basic realm="x"`],
    ["after what cannot be read", `(((, "x", ${challenge(base64)}`],
    ["after a bearer challenge about something else", `Bearer error="invalid_token", ${challenge(base64)}`],
    ["beside a text that looks like one", `Bearer realm="error=\\"x\\", claims=y", ${challenge(base64).slice(7)}`],
    ["without an error, as APIs pass it on that call others", `Bearer consentUri="https://x", claims="${base64}"`],
    ["as JSON that is not escaped", `Bearer claims="${claims}", proposedAction="consent"`],
    ["as JSON that is escaped", `Bearer claims="${claims.replaceAll('"', '\\"')}", scopes="a"`],
  ];
  for (const [what, field] of readable) test(`is read ${what}`, () => assert.equal(claimsChallenge(field), claims));

  const none: readonly [what: string, header: string | null][] = [
    ["there is no header", null],
    ["the header is empty", ""],
    ["the error is another one", `Bearer error="invalid_token", claims="${base64}"`],
    ["there are no claims", 'Bearer error="insufficient_claims"'],
    ["the claims are empty", challenge("")],
    ["the claims are neither base64 nor JSON", challenge("{]")],
    ["the claims are not JSON", challenge(Buffer.from("claims").toString("base64"))],
    ["the claims are not an object", challenge(Buffer.from("[1]").toString("base64"))],
    ["the claims are too long", challenge("A".repeat(8_193))],
    ["the claims are another scheme's", `DPoP error="insufficient_claims", claims="${base64}"`],
    ["the quote never ends", `Bearer error="insufficient_claims", claims="${base64}`],
    ["another parameter's name ends in claims", `Bearer error="insufficient_claims", xclaims="${base64}"`],
  ];
  for (const [what, header] of none)
    test(`is none when ${what}`, () => assert.equal(claimsChallenge(header), undefined));

  test("is never longer than what /auth/login takes", () => {
    const long = JSON.stringify({ access_token: { x: "x".repeat(4_500) } });
    const handedOn = claimsChallenge(challenge(Buffer.from(long).toString("base64")));
    assert.ok(
      (handedOn ?? "").length <= 4_096,
      "/auth/login refuses the challenge that the API's answer asked to pass on",
    );
  });
});
