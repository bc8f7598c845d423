import type { Setting } from "./settings.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

/** What is wrong with one setting. Never holds the setting's value, which may be a secret. */
export interface SettingProblem {
  readonly setting: string;
  readonly problem: string;
}

/** The value that the platform leaves if it could not read the secret. */
const unresolved = /^@Microsoft\.(KeyVault|AppConfiguration)\(/i;
const guid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

export function isGuid(value: string): boolean {
  return guid.test(value);
}

export function isLoopback(hostName: string): boolean {
  return hostName === "localhost" || hostName === "[::1]" || /^127(\.\d{1,3}){3}$/.test(hostName);
}

/**
 * Reads settings by name and collects what is wrong with them, so that one start reports every mistake.
 * After a problem the readers return a placeholder of the right type; the caller throws before anything uses it.
 */
export class SettingsReader {
  readonly problems: SettingProblem[] = [];
  readonly #values = new Map<string, string>();
  /** The settings' names, as the environment spells them. */
  readonly #spellings = new Map<string, string>();
  /** The settings that are given twice, in two spellings, with two values. */
  readonly #ambiguous = new Set<string>();

  constructor(environment: Environment) {
    // Setting names are case-insensitive on Windows and in .NET's configuration; be as lenient everywhere.
    for (const [name, text] of Object.entries(environment)) {
      const [key, value] = [name.toLowerCase(), text?.trim()];
      if (!value) continue;
      if ((this.#values.get(key) ?? value) !== value) this.#ambiguous.add(key);
      this.#values.set(key, value);
      this.#spellings.set(key, name);
    }
  }

  raw(name: string): string | undefined {
    return this.#values.get(name.toLowerCase());
  }

  /** The distinct first groups of `pattern` among the setting names, in lower case. */
  names(pattern: RegExp): string[] {
    const matches = [...this.#values.keys()].flatMap((name) => pattern.exec(name)?.[1] ?? []);
    return [...new Set(matches)];
  }

  /** Names of settings that have a value, as they are spelled, by `pattern`. */
  spelled(pattern: RegExp): string[] {
    return [...this.#spellings.values()].filter((name) => pattern.test(name));
  }

  fail(setting: Setting, problem = "is not valid"): "" {
    return this.refuse(setting.name, `${problem}; expected ${setting.expects}`);
  }

  /** Like {@link fail}, for a name that is no setting at all. */
  refuse(name: string, problem: string): "" {
    if (!this.problems.some((known) => known.setting === name)) this.problems.push({ setting: name, problem });
    return "";
  }

  optional(setting: Setting, isValid: (value: string) => boolean = () => true): string | undefined {
    const value = this.raw(setting.name);
    if (this.#ambiguous.has(setting.name.toLowerCase())) this.fail(setting, "is given twice, with different values");
    if (value !== undefined && unresolved.test(value)) {
      this.fail(setting, "is a reference to a secret that the platform could not read");
    }
    if (value !== undefined && !isValid(value)) {
      this.fail(setting);
      return undefined;
    }
    return value;
  }

  required(setting: Setting, isValid: (value: string) => boolean = () => true): string {
    if (this.raw(setting.name) === undefined) return this.fail(setting, "is missing");
    return this.optional(setting, isValid) ?? "";
  }

  oneOf<T extends string>(setting: Setting, allowed: readonly T[], fallback: T): T;
  oneOf<T extends string>(setting: Setting, allowed: readonly T[]): T | undefined;
  oneOf<T extends string>(setting: Setting, allowed: readonly T[], fallback?: T): T | undefined {
    const value = fallback === undefined ? this.required(setting) : this.optional(setting);
    if (!value) return fallback;
    const match = allowed.find((candidate) => candidate.toLowerCase() === value.toLowerCase());
    if (match === undefined) this.fail(setting);
    return match ?? fallback;
  }

  integer(setting: Setting, range: { min: number; max: number; default: number }): number {
    const value = this.optional(setting, (text) => /^\d{1,13}$/.test(text));
    if (value === undefined) return range.default;
    const number = Number(value);
    if (number < range.min || number > range.max) this.fail(setting);
    return number;
  }

  url(setting: Setting, rule: "https only" | "https or loopback", fallback?: string): string {
    const value = this.optional(setting) ?? fallback;
    if (value === undefined) return this.fail(setting, "is missing");
    const url = URL.parse(value);
    const loopback = rule === "https or loopback" && url?.protocol === "http:" && isLoopback(url.hostname);
    const plain = url && !url.username && !url.password && !url.search && !url.hash;
    return plain && (url.protocol === "https:" || loopback) ? url.href : this.fail(setting);
  }
}
