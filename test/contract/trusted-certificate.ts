import { mkdtemp, rm } from "node:fs/promises";
import type { ServerOptions } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { loadOrCreateCertificates } from "@entra-functions-bff/identity-provider/certificate";
import { seedCertificates } from "../support/certificates.ts";

/** A certificate for `localhost`, which this process trusts from now on. */
export async function trustedCertificate(): Promise<ServerOptions> {
  const parent = await mkdtemp(join(tmpdir(), "bff-contract-"));
  const folder = join(parent, "certificates");
  await seedCertificates(folder);
  const { ca, key, cert } = await loadOrCreateCertificates(folder);
  await rm(parent, { recursive: true });
  setDefaultCACertificates([...getCACertificates(), ca]);
  return { key, cert };
}
