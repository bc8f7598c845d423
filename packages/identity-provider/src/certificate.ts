import { createPrivateKey, generateKeyPair, randomBytes, X509Certificate } from "node:crypto";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import forge from "node-forge";

const day = 24 * 60 * 60 * 1000;
const lifetime = 365 * day;
const renewBefore = 30 * day;

/** PEM texts, and the path of the CA's certificate for `NODE_EXTRA_CA_CERTS`. */
export interface Certificates {
  readonly caFile: string;
  readonly ca: string;
  readonly key: string;
  readonly cert: string;
}

/**
 * A private CA and a server certificate for 127.0.0.1 and localhost, kept in `folder` and created again if missing,
 * damaged or within 30 days of expiry. The CA's own key is discarded at once, so that nobody who finds the folder can
 * issue another certificate that this machine's processes trust.
 */
export async function loadOrCreateCertificates(folder: string): Promise<Certificates> {
  await mkdir(folder, { recursive: true });
  const kept = await load(folder);
  if (kept !== undefined && isUsable(kept)) return kept;
  const made = { caFile: join(folder, "ca.pem"), ...(await create()) };
  await save(folder, made);
  return made;
}

async function load(folder: string): Promise<Certificates | undefined> {
  const caFile = join(folder, "ca.pem");
  try {
    const [ca, key, cert] = await Promise.all(
      [caFile, join(folder, "server.key"), join(folder, "server.pem")].map((file) => readFile(file, "utf8")),
    );
    return ca === undefined || key === undefined || cert === undefined ? undefined : { caFile, ca, key, cert };
  } catch {
    return undefined;
  }
}

function isUsable({ ca, key, cert }: Certificates): boolean {
  try {
    const authority = new X509Certificate(ca);
    const leaf = new X509Certificate(cert);
    return (
      [authority, leaf].every(({ validTo }) => Date.parse(validTo) - Date.now() > renewBefore) &&
      leaf.verify(authority.publicKey) &&
      leaf.checkPrivateKey(createPrivateKey(key)) &&
      leaf.checkIP("127.0.0.1") !== undefined &&
      leaf.checkHost("localhost") !== undefined
    );
  } catch {
    return false;
  }
}

async function save(folder: string, { ca, key, cert }: Certificates): Promise<void> {
  const files = { "server.key": key, "server.pem": cert, "ca.pem": ca };
  for (const [name, text] of Object.entries(files)) {
    const partial = join(folder, `.${name}.${process.pid}`);
    await writeFile(partial, text, { mode: 0o600 });
    await rename(partial, join(folder, name));
  }
}

async function create(): Promise<Omit<Certificates, "caFile">> {
  const [authorityKeys, serverKeys] = await Promise.all([rsaKeyPair(), rsaKeyPair()]);
  const authorityName = [{ name: "commonName", value: `Local stand-in CA ${randomBytes(4).toString("hex")}` }];
  const serverName = [{ name: "commonName", value: "127.0.0.1" }];
  const sign = (subject: typeof serverName, publicKey: string, extensions: object[]) =>
    signedCertificate({ subject, publicKey, extensions, issuer: authorityName, issuerKey: authorityKeys.privateKey });
  return {
    ca: sign(authorityName, authorityKeys.publicKey, [
      { name: "basicConstraints", critical: true, cA: true, pathLenConstraint: 0 },
      { name: "keyUsage", critical: true, keyCertSign: true, cRLSign: true },
      { name: "subjectKeyIdentifier" },
    ]),
    cert: sign(serverName, serverKeys.publicKey, [
      { name: "basicConstraints", critical: true, cA: false },
      { name: "keyUsage", critical: true, digitalSignature: true, keyEncipherment: true },
      { name: "extKeyUsage", serverAuth: true },
      { name: "subjectAltName", altNames: loopbackNames() },
    ]),
    key: serverKeys.privateKey,
  };
}

/** GeneralName tags: 2 is a DNS name, 7 an IP address (RFC 5280, section 4.2.1.6). */
function loopbackNames() {
  return [
    { type: 7, ip: "127.0.0.1" },
    { type: 2, value: "localhost" },
  ];
}

interface CertificateRequest {
  readonly subject: { name: string; value: string }[];
  readonly publicKey: string;
  readonly extensions: object[];
  readonly issuer: { name: string; value: string }[];
  readonly issuerKey: string;
}

function signedCertificate(request: CertificateRequest): string {
  const certificate = forge.pki.createCertificate();
  // A small first byte that is not zero: positive (RFC 5280, section 4.1.2.2), and in its shortest form as DER demands.
  certificate.serialNumber = `01${randomBytes(15).toString("hex")}`;
  certificate.publicKey = forge.pki.publicKeyFromPem(request.publicKey);
  certificate.validity.notBefore = new Date(Date.now() - day);
  certificate.validity.notAfter = new Date(Date.now() + lifetime);
  certificate.setSubject(request.subject);
  certificate.setIssuer(request.issuer);
  certificate.setExtensions(request.extensions);
  certificate.sign(forge.pki.privateKeyFromPem(request.issuerKey), forge.md.sha256.create());
  return forge.pki.certificateToPem(certificate);
}

/** Node's own generator: many times faster than one in JavaScript. */
async function rsaKeyPair(): Promise<{ publicKey: string; privateKey: string }> {
  return promisify(generateKeyPair)("rsa", {
    modulusLength: 2048,
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
  });
}
