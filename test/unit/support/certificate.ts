import { generateKeyPairSync } from "node:crypto";
import forge from "node-forge";

/** A new RSA key, PEM. */
export const pair = generateKeyPairSync("rsa", {
  modulusLength: 2048,
  privateKeyEncoding: { type: "pkcs8", format: "pem" },
  publicKeyEncoding: { type: "spki", format: "pem" },
});

/** A self-signed certificate of that key, PEM. */
export function selfSigned(): string {
  const made = forge.pki.createCertificate();
  made.publicKey = forge.pki.publicKeyFromPem(pair.publicKey);
  made.validity.notAfter = new Date(Date.now() + 86_400_000);
  made.setSubject([{ name: "commonName", value: "app" }]);
  made.setIssuer([{ name: "commonName", value: "app" }]);
  made.sign(forge.pki.privateKeyFromPem(pair.privateKey), forge.md.sha256.create());
  return forge.pki.certificateToPem(made);
}
