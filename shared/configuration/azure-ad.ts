import { createPrivateKey, X509Certificate } from "node:crypto";
import { isoDateOrTime } from "../core/iso-time.ts";
import { isGuid, type SettingsReader } from "./settings-reader.ts";
import { settings } from "./settings.ts";

export type ClientCredential =
  | { readonly kind: "managedIdentity"; readonly clientId: string }
  | {
      readonly kind: "secret";
      readonly secret: string;
      /** ISO 8601, UTC, if somebody has said. */
      readonly expiresAt?: string;
    }
  | { readonly kind: "certificate"; readonly pem: string };

/** The identity provider, and the app as it is registered there. */
export interface AzureAdConfiguration {
  /** With a trailing slash. */
  readonly instance: string;
  /** The host of `instance`, such as `login.microsoftonline.com`. */
  readonly authorityHost: string;
  readonly tenantId: string;
  readonly isMultiTenant: boolean;
  /** Lower case. Empty: every tenant of the authority. */
  readonly allowedTenants: readonly string[];
  readonly clientId: string;
  /** Scopes that a sign-in may request besides those of the APIs, if one of the app's pages begins it. */
  readonly extraScopes: readonly string[];
  readonly credential: ClientCredential;
}

const multiTenantAuthorities = new Set(["organizations", "common", "consumers"]);
const domainName = /^(?=.{1,253}$)[a-z0-9-]+(\.[a-z0-9-]+)+$/i;

export function readAzureAd(read: SettingsReader): AzureAdConfiguration {
  const instance = readInstance(read);
  const tenantId = read.required(settings.tenantId, (value) => {
    return isGuid(value) || domainName.test(value) || multiTenantAuthorities.has(value.toLowerCase());
  });
  const isMultiTenant = multiTenantAuthorities.has(tenantId.toLowerCase());
  const allowedTenants = readAllowedTenants(read, isMultiTenant);
  return {
    instance: instance.endsWith("/") ? instance : `${instance}/`,
    authorityHost: URL.parse(instance)?.host ?? "",
    tenantId: tenantId.toLowerCase(),
    isMultiTenant,
    allowedTenants,
    clientId: read.required(settings.clientId, isGuid).toLowerCase(),
    extraScopes: readExtraScopes(read),
    credential: readCredential(read),
  };
}

/** Azure AD B2C has policies in the path, and its tokens name neither tenant nor object. */
function readInstance(read: SettingsReader): string {
  const instance = read.url(settings.instance, "https only", "https://login.microsoftonline.com/");
  const { hostname = "", pathname = "" } = URL.parse(instance) ?? {};
  if (/\.b2clogin\.(com|cn)$/.test(hostname) || /^\/(tfp(\/|$)|[^/]+\/b2c_1)/i.test(pathname)) {
    const use = "use Microsoft Entra External ID (https://<name>.ciamlogin.com/), which replaces it";
    read.refuse(settings.instance.name, `is Azure AD B2C, which this app does not support; ${use}`);
  }
  if (pathname !== "" && pathname !== "/") {
    read.fail(settings.instance, `has a path; the tenant belongs in ${settings.tenantId.name}`);
  }
  return instance;
}

function readExtraScopes(read: SettingsReader): readonly string[] {
  const scopes = (read.optional(settings.extraScopes) ?? "").split(/\s+/).filter(Boolean);
  // A scope-token (RFC 6749 section 3.3), a name or a URI.
  if (!scopes.every((scope) => /^[a-z\d][\x21\x23-\x5b\x5d-\x7e]*$/i.test(scope))) read.fail(settings.extraScopes);
  return scopes;
}

function readAllowedTenants(read: SettingsReader, isMultiTenant: boolean): readonly string[] {
  const list = (read.optional(settings.allowedTenants) ?? "").split(/[\s,]+/).filter(Boolean);
  if (list.some((tenant) => !isGuid(tenant))) read.fail(settings.allowedTenants);
  if (list.length > 0 && !isMultiTenant) {
    read.fail(settings.allowedTenants, `contradicts ${settings.tenantId.name}, which already names one tenant`);
  }
  return list.map((tenant) => tenant.toLowerCase());
}

function readCredential(read: SettingsReader): ClientCredential {
  const kinds = ["SignedAssertionFromManagedIdentity", "ClientSecret", "Certificate"] as const;
  const sourceType = read.oneOf(settings.credentialSourceType, kinds);
  const belongsTo = [
    [settings.managedIdentityClientId, "SignedAssertionFromManagedIdentity"],
    [settings.clientSecret, "ClientSecret"],
    [settings.clientSecretExpires, "ClientSecret"],
    [settings.certificate, "Certificate"],
  ] as const;
  for (const [setting, kind] of belongsTo) {
    if (sourceType && kind !== sourceType && read.optional(setting)) {
      read.fail(setting, `contradicts ${settings.credentialSourceType.name}, which is ${sourceType}`);
    }
  }
  if (sourceType === "ClientSecret") {
    const given = read.optional(settings.clientSecretExpires, (value) => isoDateOrTime(value) !== undefined);
    const expiresAt = isoDateOrTime(given);
    return { kind: "secret", secret: read.required(settings.clientSecret), ...(expiresAt && { expiresAt }) };
  }
  if (sourceType === "Certificate") {
    const pem = withLineBreaks(read.required(settings.certificate, isCertificateWithKey));
    return { kind: "certificate", pem };
  }
  const clientId = sourceType ? read.required(settings.managedIdentityClientId, isGuid) : "";
  return { kind: "managedIdentity", clientId };
}

/** Only PKCS #8, because such a key signs the client assertion. */
function isCertificateWithKey(value: string): boolean {
  const pem = withLineBreaks(value);
  const key = /-----BEGIN PRIVATE KEY-----[\s\S]+?-----END PRIVATE KEY-----/.exec(pem)?.[0];
  try {
    return key !== undefined && new X509Certificate(pem).checkPrivateKey(createPrivateKey(key));
  } catch {
    return false;
  }
}

/** Some app settings cannot hold line breaks, and hold "\\n" instead. */
function withLineBreaks(pem: string): string {
  return pem.replaceAll(String.raw`\n`, "\n");
}
