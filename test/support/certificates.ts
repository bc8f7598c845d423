import { existsSync } from "node:fs";
import { cp, mkdir, mkdtemp, rename, rm } from "node:fs/promises";
import { join } from "node:path";

const cache = join(import.meta.dirname, "../../node_modules/.cache");
const shared = join(cache, "test-certificates");

/** Puts certificates into a platform's folder that tests have made before: making keys takes longer than most tests. */
export async function seedCertificates(folder: string): Promise<void> {
  if (existsSync(folder)) return;
  if (!existsSync(shared)) await makeShared();
  await cp(shared, folder, { recursive: true });
}

/** Another process may be doing the same: whoever is first wins, and nobody sees a folder half-filled. */
async function makeShared(): Promise<void> {
  await mkdir(cache, { recursive: true });
  const { loadOrCreateCertificates } = await import("@entra-functions-bff/identity-provider/certificate");
  const made = await mkdtemp(join(cache, "certificates-"));
  await loadOrCreateCertificates(made);
  await rename(made, shared).catch(() => rm(made, { recursive: true }));
}
