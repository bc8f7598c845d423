import { chmodSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import type { Adapter, AdapterPayload } from "oidc-provider";

const schema = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = NORMAL;
  CREATE TABLE IF NOT EXISTS entries (
    kind TEXT NOT NULL, id TEXT NOT NULL, payload TEXT NOT NULL, expires_at INTEGER,
    uid TEXT, grant_id TEXT, account_id TEXT, revoked INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (kind, id)
  );
  CREATE INDEX IF NOT EXISTS by_uid ON entries (uid) WHERE uid IS NOT NULL;
  CREATE INDEX IF NOT EXISTS by_grant ON entries (grant_id) WHERE grant_id IS NOT NULL;
  CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value TEXT NOT NULL);
`;

/** Everything that must survive a restart or a kill: sessions, interactions, grants, codes, refresh tokens, keys. */
export interface Store {
  /** What oidc-provider keeps its models in. */
  adapter(kind: string): Adapter;
  /** A value stored by name; created at the first use. */
  setting(name: string, create: () => string): string;
  replaceSetting(name: string, value: string): void;
  /** Refuses the refresh tokens issued so far, of one account or of all, with this error code; returns how many. */
  revokeRefreshTokens(code: number, accountId?: string): number;
  /** The error code with which it was revoked, if it was. */
  revocationOf(refreshToken: string): number | undefined;
  close(): void;
}

/** Opens the store at `dataFile`: a path, or ":memory:". The file holds keys and tokens, so only its owner may read it. */
export function openStore(dataFile: string): Store {
  const database = new DatabaseSync(dataFile);
  if (dataFile !== ":memory:") chmodSync(dataFile, 0o600);
  database.exec(schema);
  database.prepare("DELETE FROM entries WHERE expires_at < ?").run(now());
  return {
    adapter: (kind) => sqliteAdapter(database, kind),
    ...settings(database),
    ...revocation(database),
    close: () => database.close(),
  };
}

function now(): number {
  return Math.floor(Date.now() / 1000);
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

function settings(database: DatabaseSync): Pick<Store, "setting" | "replaceSetting"> {
  const replaceSetting = (name: string, value: string) =>
    void database.prepare("INSERT OR REPLACE INTO settings (name, value) VALUES (?, ?)").run(name, value);
  return {
    setting: (name, create) => {
      const row = database.prepare("SELECT value FROM settings WHERE name = ?").get(name);
      if (row !== undefined) return String(row["value"]);
      const value = create();
      replaceSetting(name, value);
      return value;
    },
    replaceSetting,
  };
}

function revocation(database: DatabaseSync): Pick<Store, "revokeRefreshTokens" | "revocationOf"> {
  const all = "UPDATE entries SET revoked = ? WHERE kind = 'RefreshToken'";
  return {
    revokeRefreshTokens: (code, accountId) =>
      Number(
        accountId === undefined
          ? database.prepare(all).run(code).changes
          : database.prepare(`${all} AND account_id = ?`).run(code, accountId).changes,
      ),
    revocationOf: (refreshToken) => {
      const row = database
        .prepare("SELECT revoked FROM entries WHERE kind = 'RefreshToken' AND id = ? AND revoked <> 0")
        .get(refreshToken);
      return row === undefined ? undefined : Number(row["revoked"]);
    },
  };
}
