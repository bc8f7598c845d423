import { readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import type { Settings } from "./settings.ts";

/**
 * For `npm run doctor`, which checks what runs here: the settings of the stand-ins, whose secrets are new at each
 * start.
 */
export async function leaveSettings(folder: string, madeHere: Settings, graphUrl: string | undefined): Promise<string> {
  const file = join(folder, "settings.json");
  const values = { ...madeHere, ...(graphUrl !== undefined && { GRAPH_URL: graphUrl }) };
  await rm(file, { force: true });
  await writeFile(file, `${JSON.stringify({ Values: values }, undefined, 2)}\n`, { mode: 0o600 });
  return file;
}

/** Your own certificate authorities, as an absolute path, because the app's process may run in another folder. */
export function absoluteCertificates({ NODE_EXTRA_CA_CERTS: file }: Settings): Settings {
  return file === undefined ? {} : { NODE_EXTRA_CA_CERTS: resolve(file) };
}

/**
 * The local certificate authority together with those that your machine already trusts, because Node takes only one
 * file.
 */
export async function trustToo(local: Settings, given: Settings): Promise<string> {
  const [own = "", others] = [local["NODE_EXTRA_CA_CERTS"], given["NODE_EXTRA_CA_CERTS"]];
  if (others === undefined) return own;
  const bundle = join(dirname(own), "trusted.pem");
  const texts = await Promise.all([own, others].map((file) => readFile(file, "utf8").catch(() => "")));
  await writeFile(bundle, texts.join("\n"));
  return bundle;
}
