import { isRecord } from "../../../shared/core/encoding.ts";
import { parseMetadata, type AuthorityMetadata } from "../../../shared/identity/metadata.ts";
import { settings } from "../../../shared/configuration/settings.ts";
import { failed, notChecked, ok, warning, type Finding } from "../finding.ts";
import { get, jsonObject, type Answer } from "../request.ts";

const name = "Identity provider";
const advice = `Check ${settings.instance.name} and ${settings.tenantId.name}, and the network`;

/** Seconds. Tokens are valid only if both sides agree on the time; Microsoft Entra tolerates five minutes. */
const clockLimits = { warning: 30, failure: 240 } as const;

/**
 * Metadata, signing keys and clock of an authority.
 * @param url for example `https://login.microsoftonline.com/organizations`
 */
export async function checkAuthority(url: string): Promise<readonly Finding[]> {
  const read = await readMetadata(url);
  if ("finding" in read)
    return [
      read.finding,
      notChecked("Signing keys", "without the metadata, their address is unknown"),
      notChecked("Clock", "there was no answer to compare with"),
    ];
  const { answer, metadata } = read;
  return [checkMetadata(url, metadata), await checkKeys(metadata), checkClock(answer)];
}

async function readMetadata(
  url: string,
): Promise<{ answer: Answer; metadata: AuthorityMetadata } | { finding: Finding }> {
  let answer: Answer;
  try {
    answer = await get(`${url}/v2.0/.well-known/openid-configuration`);
  } catch (error) {
    return { finding: failed(name, `${url} cannot be reached: ${messageOf(error)}`, advice) };
  }
  if (answer.status !== 200) {
    const known = /AADSTS90002\b/.test(answer.text) ? ": there is no such tenant" : "";
    return { finding: failed(name, `${url} answers ${answer.status}${known}`, advice) };
  }
  try {
    return { answer, metadata: parseMetadata(answer.text) };
  } catch {
    return { finding: failed(name, `${url} answers with metadata that cannot be used`, advice) };
  }
}

function checkMetadata(url: string, { issuer, endSessionEndpoint }: AuthorityMetadata): Finding {
  const tenant = url.slice(url.lastIndexOf("/") + 1);
  if (/^[0-9a-f-]{36}$/.test(tenant) && !issuer.includes(tenant)) {
    return failed(name, `${url} issues tokens as ${issuer}, which is another tenant`, advice);
  }
  if (endSessionEndpoint === undefined) {
    return warning(
      name,
      `${url} has no end-session endpoint`,
      "A sign-out ends the session here, but not the one at the identity provider",
    );
  }
  return ok(name, `${url} answers, its metadata is valid`);
}

async function checkKeys({ jwksUri }: AuthorityMetadata): Promise<Finding> {
  const keysName = "Signing keys";
  const toDo = "ID tokens cannot be verified. Check the network, such as a proxy or firewall";
  try {
    const { status, text } = await get(jwksUri);
    const keys = jsonObject(text)?.["keys"];
    const usable = Array.isArray(keys) ? keys.filter((key) => isRecord(key) && typeof key["kty"] === "string") : [];
    if (status === 200 && usable.length > 0) return ok(keysName, `${jwksUri} answers with keys`);
    return failed(keysName, `${jwksUri} answers ${status} without usable keys`, toDo);
  } catch (error) {
    return failed(keysName, `${jwksUri} cannot be reached: ${messageOf(error)}`, toDo);
  }
}

function checkClock({ clockAhead }: Answer): Finding {
  const clockName = "Clock";
  if (clockAhead === undefined) return notChecked(clockName, "the answer has no Date header");
  const [off, way] = [Math.abs(clockAhead), clockAhead > 0 ? "behind" : "ahead of"];
  if (off < clockLimits.warning) return ok(clockName, "agrees with the identity provider's");
  const found = `this machine is ${off} s ${way} the identity provider`;
  const toDo = "Set this machine's clock by NTP; otherwise tokens count as expired or not yet valid";
  return off < clockLimits.failure ? warning(clockName, found, toDo) : failed(clockName, found, toDo);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : "unknown";
}
