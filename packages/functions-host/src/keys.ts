import { createHash } from "node:crypto";
import { isObject, readJsonFile } from "./json-file.ts";
import { StartError } from "./start-error.ts";

/** What a key opens: `admin` (the master key) also opens what `function` opens. */
export type KeyLevel = "admin" | "function";

/** The keys of an app; the text of a key is not kept. */
export interface KeyRing {
  /** Whether there is any key that would open a function of this level. */
  opens(level: KeyLevel, functionName: string): boolean;
  /** What `key` opens on that function, or `undefined` when it is not a key of the app. */
  levelOf(key: string, functionName: string): KeyLevel | undefined;
}

/** A key file: the shape in which Azure's management API lists an app's keys. All parts are optional. */
export interface KeyFile {
  readonly masterKey?: string;
  /** Host keys: open every function of level `function`. Name to key. */
  readonly functionKeys?: Readonly<Record<string, string>>;
  /** Keys of single functions: function name to (name to key). */
  readonly functions?: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/**
 * Reads keys from a JSON file ({@link KeyFile}), if given, and from `FunctionsHost__MasterKey` and `FunctionsHost__FunctionKey`.
 * @throws {StartError} when the file cannot be read or has another shape.
 */
export async function loadKeys(file: string | undefined, env: NodeJS.ProcessEnv): Promise<KeyRing> {
  const keys = file === undefined ? {} : await readKeyFile(file);
  const masterKeys = [keys.masterKey, env["FunctionsHost__MasterKey"]];
  const hostKeys = [...Object.values(keys.functionKeys ?? {}), env["FunctionsHost__FunctionKey"]];
  return createKeyRing(masterKeys, hostKeys, keys.functions ?? {});
}

function createKeyRing(
  masterKeys: readonly (string | undefined)[],
  hostKeys: readonly (string | undefined)[],
  functionKeys: Readonly<Record<string, Readonly<Record<string, string>>>>,
): KeyRing {
  const admin = digests(masterKeys);
  const host = digests(hostKeys);
  const own = new Map(
    Object.entries(functionKeys).map(([name, keys]) => [name.toLowerCase(), digests(Object.values(keys))]),
  );
  const none = new Set<string>();
  const ownOf = (functionName: string) => own.get(functionName.toLowerCase()) ?? none;
  return {
    opens: (level, functionName) =>
      admin.size > 0 || (level === "function" && (host.size > 0 || ownOf(functionName).size > 0)),
    levelOf(key, functionName) {
      const hashed = digest(key);
      if (admin.has(hashed)) return "admin";
      return host.has(hashed) || ownOf(functionName).has(hashed) ? "function" : undefined;
    },
  };
}

// Looking up a hash tells nothing about the key by its timing.
function digest(key: string): string {
  return createHash("sha256").update(key).digest("base64");
}

function digests(keys: readonly (string | undefined)[]): Set<string> {
  return new Set(keys.flatMap((key) => (key === undefined || key === "" ? [] : [digest(key)])));
}

async function readKeyFile(file: string): Promise<KeyFile> {
  const value = await readJsonFile(file, "key file");
  if (value === undefined) throw new StartError(`key file: not found: ${file}`);
  if (!isKeyFile(value)) {
    throw new StartError(
      `key file: expected {"masterKey", "functionKeys": {name: key}, "functions": {function: {name: key}}}: ${file}`,
    );
  }
  return value;
}

function isKeyFile(value: unknown): value is KeyFile {
  if (!isObject(value)) return false;
  const { masterKey, functionKeys, functions, ...others } = value;
  return (
    Object.keys(others).length === 0 &&
    (masterKey === undefined || typeof masterKey === "string") &&
    (functionKeys === undefined || isTextRecord(functionKeys)) &&
    (functions === undefined || (isObject(functions) && Object.values(functions).every(isTextRecord)))
  );
}

function isTextRecord(value: unknown): value is Record<string, string> {
  return isObject(value) && Object.values(value).every((item) => typeof item === "string");
}
