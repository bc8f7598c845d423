import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { loadOrCreateCertificates } from "../src/certificate.ts";
import { testCertificates } from "../src/testing.ts";

let folder = "";
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "idp-ca-"));
});
after(async () => rm(folder, { recursive: true, force: true }));

test("the certificate is for loopback names only, signed by a CA of its own", async () => {
  const { ca, cert, caFile } = await loadOrCreateCertificates(join(folder, "new"));
  assert.equal(await readFile(caFile, "utf8"), ca);
  const leaf = new X509Certificate(cert);
  assert.ok(leaf.verify(new X509Certificate(ca).publicKey));
  assert.equal(leaf.subjectAltName, "IP Address:127.0.0.1, DNS:localhost");
  assert.equal(leaf.ca, false);
});

test("serial numbers are positive and in their shortest form, or OpenSSL would refuse one certificate in some hundred", async () => {
  const { ca, cert } = await loadOrCreateCertificates(join(folder, "serial"));
  for (const pem of [ca, cert]) assert.match(new X509Certificate(pem).serialNumber, /^0?1[0-9A-F]{30}$/);
});

test("the certificate is kept, and made anew when a file is missing or damaged", async () => {
  const kept = join(folder, "kept");
  const first = await loadOrCreateCertificates(kept);
  assert.deepEqual(await loadOrCreateCertificates(kept), first);
  await writeFile(join(kept, "server.pem"), "damaged");
  const second = await loadOrCreateCertificates(kept);
  assert.notEqual(second.cert, first.cert);
  await rm(join(kept, "server.key"));
  assert.notEqual((await loadOrCreateCertificates(kept)).key, second.key);
});

test("a certificate of another CA does not pass for a kept one", async () => {
  const mixed = join(folder, "mixed");
  await loadOrCreateCertificates(mixed);
  const stranger = await testCertificates();
  await writeFile(join(mixed, "ca.pem"), stranger.ca);
  assert.notEqual((await loadOrCreateCertificates(mixed)).ca, stranger.ca);
});

test("the CA's key is kept nowhere, and the server's key is for its owner only", async () => {
  const secret = join(folder, "secret");
  await loadOrCreateCertificates(secret);
  assert.deepEqual((await readdir(secret)).toSorted(), ["ca.pem", "server.key", "server.pem"]);
  assert.equal((await stat(join(secret, "server.key"))).mode & 0o077, 0);
});

test("test files that start at the same time get the same certificate authority", async (t) => {
  const parent = await mkdtemp(join(tmpdir(), "certificates-"));
  t.after(() => rm(parent, { recursive: true }));
  const made = await Promise.all(Array.from({ length: 3 }, () => testCertificates(join(parent, "shared"))));
  const kept = await testCertificates(join(parent, "shared"));
  for (const { ca } of made) assert.equal(ca, kept.ca);
  assert.deepEqual(await readdir(parent), ["shared"]);
});
