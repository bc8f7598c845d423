import { asciiLowerCase } from "../core/encoding.ts";
import { english } from "./english.ts";
import { german } from "./german.ts";
import type { Texts } from "./texts.ts";

/** The texts of the pages in every language that there is, the one for everybody else first. */
export type Languages = readonly [Texts, ...Texts[]];

export const usualLanguages: Languages = [english, german];

/** The texts for the person who asks. */
export function textsFor({ headers }: { readonly headers: Headers }, languages: Languages): Texts {
  return preferredLanguage(headers.get("accept-language"), languages);
}

/** One language range of `Accept-Language`, in lower case. */
interface Range {
  readonly tag: string;
  /** 0 to 1; 0 means "not this one". */
  readonly quality: number;
}

/** More than any browser sends. */
const maxRanges = 50;
const rangeForm =
  /^[ \t]*(\*|[a-z]{1,8}(?:-[a-z0-9]{1,8})*)[ \t]*(?:;[ \t]*q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)[ \t]*)?$/;

/**
 * The one that the person prefers (RFC 9110 section 12.5.4). A range such as `de` matches `de-CH`, and `de-AT` also matches `de`
 * (RFC 4647 sections 3.3.1 and 3.4). Of equals, what the field names first wins, and what nobody asks for is the first of
 * `available`.
 * @param field value of `Accept-Language`; members that are malformed are ignored
 */
export function preferredLanguage<T extends { readonly language: string }>(
  field: string | null,
  available: readonly [T, ...T[]],
): T {
  const ranges = rangesOf(field ?? "");
  const ranked = available.map((each) => ({ each, ...rankOf(asciiLowerCase(each.language), ranges) }));
  const [best] = ranked.toSorted((a, b) => b.quality - a.quality || a.position - b.position);
  return best !== undefined && best.quality > 0 ? best.each : available[0];
}

function rangesOf(field: string): readonly Range[] {
  return asciiLowerCase(field)
    .split(",", maxRanges)
    .flatMap((member) => {
      const [, tag, quality = "1"] = rangeForm.exec(member) ?? [];
      return tag === undefined ? [] : [{ tag, quality: Number(quality) }];
    });
}

/** By the range that comes closest to the language: the longest that they have in common. */
function rankOf(language: string, ranges: readonly Range[]): { readonly quality: number; readonly position: number } {
  const matches = ranges.map(({ tag, quality }, position) => ({
    quality,
    position,
    closeness: closeness(language, tag),
  }));
  const closest = matches
    .filter((match) => match.closeness >= 0)
    .toSorted((a, b) => b.closeness - a.closeness || b.quality - a.quality)
    .at(0);
  return closest ?? { quality: 0, position: ranges.length };
}

/** How many characters language and range have in common; -1 if they do not match. */
function closeness(language: string, tag: string): number {
  if (tag === "*") return 0;
  if (`${language}-`.startsWith(`${tag}-`)) return tag.length;
  // Less than the language itself, which may be refused.
  return tag.startsWith(`${language}-`) ? language.length - 0.5 : -1;
}
