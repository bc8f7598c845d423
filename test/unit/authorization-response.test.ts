import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { queryOfForm, readResponse } from "../../shared/sign-in/authorization-response.ts";
import { isProblem } from "./support/is-problem.ts";

const invalid = (name: string) => isProblem("invalid_request", new RegExp(`\\b${name}\\b`));
const passedOn = (form: string) => new URLSearchParams(queryOfForm(new URLSearchParams(form)));

describe("a posted answer to a sign-in", () => {
  test("goes on with state and code, and without any parameter named code, which the host would take for a key", () => {
    const query = passedOn("code=abc%26x&state=s%0d%0aset-cookie:y&session_state=q&client_info=eyJ9");
    assert.deepEqual([...query.keys()], ["state", "authorization_code", "session_state"]);
    assert.deepEqual([query.get("authorization_code"), query.get("state")], ["abc&x", "s\r\nset-cookie:y"]);
  });

  test("is read on the other side as what was posted", () => {
    const read = readResponse(passedOn("code=abc&state=s&session_state=q"));
    assert.deepEqual(read, { state: "s", code: "abc", sessionState: "q", error: undefined });
  });

  test("has an error go on by Entra's number, without the text, which may name a person", () => {
    const text = encodeURIComponent("AADSTS50105: The user 'ada@contoso.example' is not assigned");
    const query = passedOn(`error=access_denied&error_description=${text}&state=s&error_subcode=cancel`);
    assert.equal(query.toString(), "state=s&error=access_denied&error_description=AADSTS50105");
    const uri = encodeURIComponent("https://login.microsoftonline.com/error?code=90094");
    assert.equal(passedOn(`error=x&error_uri=${uri}&state=s`).get("error_description"), "AADSTS90094");
    assert.equal(passedOn("error=x&error_description=call+555-0100&state=s").toString(), "state=s&error=x");
  });

  test("is an error where it says both", () => {
    assert.equal(passedOn("error=x&code=abc&state=s").has("authorization_code"), false);
  });

  test("is refused where something is missing, there twice or too long for an address", () => {
    const refused: readonly [form: string, name: string][] = [
      ["", "state"],
      ["code=abc", "state"],
      ["state=s", "code"],
      ["State=s&Code=abc", "state"],
      ["state=s&state=s&code=abc", "state"],
      ["state=s&code=abc&code=abc", "code"],
      ["state=s&error=x&error=y", "error"],
      ["state=s&code=abc&session_state=a&session_state=b", "session_state"],
      [`state=${"s".repeat(2_049)}&code=abc`, "state"],
      [`state=s&code=${"c".repeat(8_193)}`, "code"],
      [`state=s&code=${"c".repeat(7_000)}`, "7000"],
      [`state=s&code=${"%26".repeat(3_000)}`, "7000"],
    ];
    for (const [form, name] of refused) assert.throws(() => passedOn(form), invalid(name), form.slice(0, 60));
  });

  test("may have a code of 4 KB, twice as long as any of Entra's", () => {
    assert.equal(passedOn(`state=s&code=${"c".repeat(4_096)}`).get("authorization_code")?.length, 4_096);
  });
});

describe("an answer to a sign-in in the query", () => {
  test("is still read as identity providers send it", () => {
    const { code, sessionState } = readResponse(new URLSearchParams("state=s&code=abc&session_state=q&iss=x"));
    assert.deepEqual([code, sessionState], ["abc", "q"]);
  });

  test("is refused with a code under both names", () => {
    const both = new URLSearchParams("state=s&code=abc&authorization_code=abc");
    assert.throws(() => readResponse(both), invalid("code"));
  });
});
