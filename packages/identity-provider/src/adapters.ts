import { X509Certificate } from "node:crypto";
import type { DatabaseSync } from "node:sqlite";
import type { Adapter, AdapterPayload } from "oidc-provider";
import type { RegisteredApp } from "./applications.ts";
import type { Runtime } from "./runtime.ts";
import { now } from "./store.ts";

/** Where oidc-provider keeps its models, by their kind. */
export function adapterFor(runtime: Runtime): (kind: string) => Adapter {
  return (kind) => (kind === "Client" ? clientAdapter(runtime) : sqliteAdapter(runtime.store.database, kind));
}

/** Registrations come from memory and may change while the provider runs; nobody registers over the network. */
function clientAdapter({ applications }: Runtime): Adapter {
  return {
    find: async (clientId) => {
      const app = applications.find(clientId);
      return app === undefined ? undefined : clientMetadata(app);
    },
    findByUid: async () => undefined,
    findByUserCode: async () => undefined,
    upsert: refuse,
    consume: refuse,
    destroy: refuse,
    revokeByGrantId: refuse,
  };
}

async function refuse(): Promise<never> {
  throw new Error("App registrations are read-only");
}

/** The registration in the terms of OpenID Connect Dynamic Client Registration 1.0, section 2. */
function clientMetadata(app: RegisteredApp): AdapterPayload {
  return {
    client_id: app.clientId,
    client_name: app.name,
    redirect_uris: [...app.redirectUris],
    grant_types: ["authorization_code", "refresh_token", "client_credentials"],
    response_types: ["code"],
    ...(app.certificate === undefined
      ? { client_secret: app.clientSecret, token_endpoint_auth_method: "client_secret_post" }
      : { jwks: { keys: [publicJwk(app.certificate)] }, token_endpoint_auth_method: "private_key_jwt" }),
  };
}

function publicJwk(certificate: string) {
  const { kty, n, e } = new X509Certificate(certificate).publicKey.export({ format: "jwk" });
  return { kty, n, e, use: "sig" };
}

function sqliteAdapter(database: DatabaseSync, kind: string): Adapter {
  const byColumn = (column: "id" | "uid", value: string) => {
    const row = database.prepare(`SELECT payload FROM entries WHERE kind = ? AND ${column} = ?`).get(kind, value);
    return row === undefined ? undefined : (JSON.parse(String(row["payload"])) as AdapterPayload);
  };
  const upsert = database.prepare(
    `INSERT INTO entries (kind, id, payload, expires_at, uid, grant_id, account_id) VALUES (?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (kind, id) DO UPDATE SET payload = excluded.payload, expires_at = excluded.expires_at,
       uid = excluded.uid, grant_id = excluded.grant_id, account_id = excluded.account_id`,
  );
  const consume = `UPDATE entries SET payload = json_set(payload, '$.consumed', ?) WHERE kind = ? AND id = ?`;
  return {
    upsert: async (id, payload, expiresIn) => {
      const expiresAt = expiresIn === undefined ? null : now() + expiresIn;
      const { uid = null, grantId = null, accountId = null } = payload;
      upsert.run(kind, id, JSON.stringify(payload), expiresAt, uid, grantId, accountId);
    },
    find: async (id) => byColumn("id", id),
    findByUid: async (uid) => byColumn("uid", uid),
    findByUserCode: async () => undefined,
    consume: async (id) => void database.prepare(consume).run(now(), kind, id),
    destroy: async (id) => void database.prepare("DELETE FROM entries WHERE kind = ? AND id = ?").run(kind, id),
    revokeByGrantId: async (grantId) =>
      void database.prepare("DELETE FROM entries WHERE kind = ? AND grant_id = ?").run(kind, grantId),
  };
}
