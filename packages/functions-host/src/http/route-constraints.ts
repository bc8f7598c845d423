import { StartError } from "../start-error.ts";

/** Whether a parameter's value is one that the route accepts. */
export type Constraint = (value: string) => boolean;

const minLong = -(2n ** 63n);
const maxLong = 2n ** 63n - 1n;
const guid = /^(?:[0-9a-f]{32}|([({]?)[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}([)}]?))$/i;

const withoutArguments: Readonly<Record<string, Constraint>> = {
  int: (value) => isInteger(value, -(2n ** 31n), 2n ** 31n - 1n),
  long: (value) => isInteger(value, minLong, maxLong),
  bool: (value) => /^\s*(?:true|false)\s*$/i.test(value),
  alpha: (value) => /^[a-z]*$/i.test(value),
  required: (value) => value !== "",
  guid: isGuid,
};

interface Parametrised {
  /** How many arguments it takes. */
  readonly counts: readonly number[];
  /** `second` equals `first` if there is only one argument. */
  compile(first: bigint, second: bigint): Constraint;
}

const withArguments: Readonly<Record<string, Parametrised>> = {
  minlength: { counts: [1], compile: (least) => (value) => value.length >= least },
  maxlength: { counts: [1], compile: (most) => (value) => value.length <= most },
  length: { counts: [1, 2], compile: (least, most) => (value) => value.length >= least && value.length <= most },
  min: { counts: [1], compile: (least) => (value) => isInteger(value, least, maxLong) },
  max: { counts: [1], compile: (most) => (value) => isInteger(value, minLong, most) },
  range: { counts: [2], compile: (least, most) => (value) => isInteger(value, least, most) },
};

/**
 * Compiles one inline constraint of a route template, such as `int` or `length(2,5)`.
 * @throws {StartError} for one that is unknown, malformed or not supported.
 */
export function compileConstraint(text: string): Constraint {
  const [, name = "", argumentText] = /^([^(]*)(?:\((.*)\))?$/.exec(text) ?? [];
  const kind = name.toLowerCase();
  const constraint = argumentText === undefined ? plain(kind) : parametrised(kind, argumentText);
  if (constraint === undefined) {
    throw new StartError(`the route constraint "${text}" is not supported by the local functions host`);
  }
  return constraint;
}

function plain(kind: string): Constraint | undefined {
  return Object.hasOwn(withoutArguments, kind) ? withoutArguments[kind] : undefined;
}

function parametrised(kind: string, argumentText: string): Constraint | undefined {
  const definition = Object.hasOwn(withArguments, kind) ? withArguments[kind] : undefined;
  const texts = argumentText.split(",").map((argument) => argument.trim());
  if (!definition?.counts.includes(texts.length) || !texts.every((text) => /^-?\d{1,19}$/.test(text))) return undefined;
  const [first = 0n, second = first] = texts.map(BigInt);
  return definition.compile(first, second);
}

function isInteger(value: string, least: bigint, most: bigint): boolean {
  const digits = /^\s*([+-]?)(\d+)\s*$/.exec(value);
  if (digits === null || value.length > 40) return false;
  const number = BigInt(digits[2] ?? "") * (digits[1] === "-" ? -1n : 1n);
  return number >= least && number <= most;
}

function isGuid(value: string): boolean {
  const [match, open = "", close = ""] = guid.exec(value.trim()) ?? [];
  return match !== undefined && ["", "{}", "()"].includes(open + close);
}
