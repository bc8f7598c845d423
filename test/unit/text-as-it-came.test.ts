import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { HttpRequest } from "@azure/functions";
import { accountKeyOf } from "../../shared/account/document.ts";
import { asciiLowerCase } from "../../shared/core/encoding.ts";
import { readForm } from "../../shared/http/form.ts";
import type { IdTokenClaims } from "../../shared/identity/id-token.ts";
import { isAbout } from "../../shared/identity/token-response.ts";

/** `toLowerCase()` makes an ASCII `k` of it. */
const kelvin = "\u212a";

const formOf = async (body: string) =>
  readForm(
    new HttpRequest({
      method: "POST",
      url: "http://localhost:7071/",
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: { string: body },
    }),
    1_024,
  );

const key = (id: string) => accountKeyOf("login.example", id);

const isOf = (uid: string): boolean => {
  const clientInfo = Buffer.from(JSON.stringify({ uid, utid: "tenant" })).toString("base64url");
  const verified = { tenantId: "tenant", objectId: "k-1" } as IdTokenClaims;
  return isAbout({ client_info: clientInfo }, `${uid}.tenant`, verified);
};

describe("letters that only become those of a name are other letters", () => {
  test("when text is lowered", () => assert.equal(asciiLowerCase(`AZ${kelvin}\u0130É`), `az${kelvin}\u0130É`));

  test("in the account that keys a document", () => {
    assert.notEqual(key(`${kelvin}-1.tenant`), key("k-1.tenant"));
  });

  test("and letters of either case are two, where an identity provider's subjects key the documents", () => {
    const [uid, utid] = ["0ABCDEF1-0000-4000-8000-00000000000A", "0ABCDEF2-0000-4000-8000-00000000000B"];
    assert.equal(key(`${uid}.${utid}`), key(`${uid}.${utid}`.toLowerCase()));
    for (const subject of ["Ada", "Ada.Tenant", `${uid}.${utid}X`]) {
      assert.notEqual(key(subject), key(subject.toLowerCase()), subject);
    }
  });

  test("in the account that a token response is about", () => {
    assert.equal(isOf("K-1"), true);
    assert.equal(isOf(`${kelvin}-1`), false);
  });

  test("in the name of a form's parameter: U+FEFF at the beginning is part of it", async () => {
    assert.equal((await formOf("code=1")).get("code"), "1");
    assert.equal((await formOf("\ufeffcode=1")).has("code"), false);
  });
});
