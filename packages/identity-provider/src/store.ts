import { chmodSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";

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
  /** For what oidc-provider keeps. */
  readonly database: DatabaseSync;
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
    database,
    ...settings(database),
    ...revocation(database),
    close: () => database.close(),
  };
}

/** Seconds since the epoch. */
export function now(): number {
  return Math.floor(Date.now() / 1000);
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
