import { existsSync } from "node:fs";
import { copyFile, cp, mkdir, mkdtemp, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Certificates } from "@entra-functions-bff/identity-provider/certificate";

const cache = join(import.meta.dirname, "../../node_modules/.cache");

/** Puts certificates into a platform's folder that tests have made before: making keys takes longer than most tests. */
export async function seedCertificates(folder: string): Promise<void> {
  if (existsSync(folder)) return;
  await cp(await shared("test-certificates", certificatesIn), folder, { recursive: true });
}

/** The same for the keys with which the identity provider of that platform signs. */
export async function seedSigningKeys(folder: string): Promise<void> {
  const file = join(folder, providerFile);
  if (existsSync(file)) return;
  await mkdir(folder, { recursive: true });
  await copyFile(join(await shared("test-signing-keys", makeSigningKeys), providerFile), file);
}

const providerFile = "identity-provider.sqlite";

/** What a server of a test needs so that the instances of a world trust it. */
export async function testCertificates(): Promise<Certificates> {
  return certificatesIn(await shared("test-certificates", certificatesIn));
}

async function certificatesIn(folder: string): Promise<Certificates> {
  const { loadOrCreateCertificates } = await import("@entra-functions-bff/identity-provider/certificate");
  return loadOrCreateCertificates(folder);
}

async function makeSigningKeys(folder: string): Promise<void> {
  const { startIdentityProvider } = await import("@entra-functions-bff/identity-provider");
  const tls = await testCertificates();
  const dataFile = join(folder, providerFile);
  const provider = await startIdentityProvider({ httpPort: 0, httpsPort: 0, tls, apps: [], dataFile });
  await provider.stop();
  // Each provider has its other secrets for itself.
  const database = new DatabaseSync(dataFile);
  database.exec("DELETE FROM settings WHERE name NOT LIKE '%signing-key%'");
  database.close();
}

/** Another process may be doing the same: whoever is first wins, and nobody sees a folder half-filled. */
async function shared(name: string, fill: (folder: string) => Promise<unknown>): Promise<string> {
  const folder = join(cache, name);
  if (existsSync(folder)) return folder;
  await mkdir(cache, { recursive: true });
  const made = await mkdtemp(`${folder}-`);
  await fill(made);
  await rename(made, folder).catch(() => rm(made, { recursive: true }));
  return folder;
}
