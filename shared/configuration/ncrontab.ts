interface Field {
  readonly min: number;
  readonly max: number;
  /** May stand for the numbers from `min` on. */
  readonly names: readonly string[];
}

const numbered = (min: number, max: number): Field => ({ min, max, names: [] });

const months = "january february march april may june july august september october november december".split(" ");
const days = "sunday monday tuesday wednesday thursday friday saturday".split(" ");

/** Second, minute, hour, day of the month, month, day of the week. */
const fields: readonly Field[] = [
  numbered(0, 59),
  numbered(0, 59),
  numbered(0, 23),
  numbered(1, 31),
  { min: 1, max: 12, names: months },
  { min: 0, max: 6, names: days },
];

/**
 * Whether the Functions host takes this for a schedule: NCRONTAB with six fields, each a list of values, ranges and steps.
 * With another one the host does not start the timer, and says so only in its own log.
 */
export function isNcrontab(text: string): boolean {
  const parts = text.split(/\s+/);
  return parts.length === fields.length && fields.every((field, index) => isList(field, parts[index] ?? ""));
}

function isList(field: Field, text: string): boolean {
  return text.split(",").every((item) => isRange(field, item));
}

function isRange(field: Field, text: string): boolean {
  const [range = "", step, ...more] = text.split("/");
  if (more.length > 0 || (step !== undefined && !/^0*[1-9]\d?$/.test(step))) return false;
  const ends = range.split("-");
  return range === "*" || (ends.length <= 2 && ends.every((end) => isValue(field, end)));
}

function isValue({ min, max, names }: Field, text: string): boolean {
  if (/^\d{1,2}$/.test(text)) return Number(text) >= min && Number(text) <= max;
  const name = text.toLowerCase();
  return names.some((known) => name === known || name === known.slice(0, 3));
}
