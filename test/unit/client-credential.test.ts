import assert from "node:assert/strict";
import { createHash, X509Certificate } from "node:crypto";
import { afterEach, describe, mock, test } from "node:test";
import { decodeProtectedHeader, importSPKI, jwtVerify } from "jose";
import { msalCredential } from "../../shared/identity/client-credential.ts";
import { withinOperation } from "../../shared/identity/authority.ts";
import { pair, selfSigned } from "./support/certificate.ts";
import { clientId } from "./support/environment.ts";

const tokenEndpoint = "https://idp.example/token";
const certificate = selfSigned();

async function assertion(): Promise<(endpoint?: string) => Promise<string>> {
  const { clientAssertion } = await msalCredential(
    { kind: "certificate", pem: certificate + pair.privateKey },
    clientId,
    "idp.example",
  );
  if (typeof clientAssertion !== "function") return assert.fail("no assertion");
  return (endpoint = tokenEndpoint) => clientAssertion({ clientId, tokenEndpoint: endpoint });
}

afterEach(() => mock.timers.reset());

test("an operation waits for the app's credential no longer than it has time", async () => {
  const credential = { clientAssertion: async () => new Promise<string>(() => undefined) };
  const { clientAssertion } = withinOperation(credential, AbortSignal.abort());
  if (typeof clientAssertion !== "function") return assert.fail("no assertion");
  await assert.rejects(clientAssertion({ clientId: "app" }), /No answer in time/);
});

describe("the app proves itself", () => {
  test("with its secret", async () => {
    assert.deepEqual(await msalCredential({ kind: "secret", secret: "s" }, clientId, "idp.example"), {
      clientSecret: "s",
    });
  });

  test("with an assertion that its certificate's key has signed for the token endpoint (RFC 7523)", async () => {
    const token = await (await assertion())();
    const { payload } = await jwtVerify(token, await importSPKI(pair.publicKey, "PS256"), {
      audience: tokenEndpoint,
      issuer: clientId,
      subject: clientId,
    });
    assert.equal((payload.exp ?? 0) - (payload.iat ?? 0), 600);
    assert.ok(payload.jti);
    const thumbprint = createHash("sha256").update(new X509Certificate(certificate).raw).digest("base64url");
    assert.deepEqual(decodeProtectedHeader(token), { alg: "PS256", typ: "JWT", "x5t#S256": thumbprint });
  });

  test("with one assertion for all who ask at once", async () => {
    const prove = await assertion();
    const [first, ...others] = await Promise.all([prove(), prove(), prove()]);
    assert.deepEqual(others, [first, first]);
    assert.notEqual(await prove("https://idp.example/another"), first);
  });

  test("with one assertion for many calls, and a new one well before it expires", async () => {
    mock.timers.enable({ apis: ["Date"], now: Date.now() });
    const prove = await assertion();
    const first = await prove();
    assert.equal(await prove(), first);
    mock.timers.setTime(Date.now() + 299_000);
    assert.equal(await prove(), first);
    mock.timers.setTime(Date.now() + 2_000);
    assert.notEqual(await prove(), first);
  });
});

test("a certificate that cannot be used is refused", async () => {
  for (const pem of [
    "",
    certificate,
    pair.privateKey,
    `${certificate}-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----`,
  ]) {
    await assert.rejects(msalCredential({ kind: "certificate", pem }, clientId, "idp.example"));
  }
});
