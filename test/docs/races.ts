import { globSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { format } from "prettier";

/** The page whose list of races is made of the tests' own words. */
export const racesPage = "docs/races.md";
const [begin, end] = ["<!-- generated: begin -->", "<!-- generated: end -->"];

/** In the order of the page, the ones to read first at the top. */
const first = ["sign-out-and-renewal", "sign-out-and-sign-in", "front-channel-and-sign-in", "browsers-at-once"];

/** A test whose title says an interleaving: "step of one request | step of another | …: outcome". */
export interface Race {
  /** As in docs/security.md: `race/late-writes`, for example. */
  readonly file: string;
  readonly title: string;
}

/** A group of tests: what is said of it in the file, and the titles of its own tests. */
interface Group {
  readonly depth: number;
  readonly title: string;
  readonly comment: string | undefined;
  readonly titles: string[];
}

/** Every race, whichever kind of test owns it. All tests of `test/race` are listed, with `|` in their titles or without. */
export async function races(): Promise<readonly Race[]> {
  const sections = await Promise.all(filesInOrder().map(sectionOf));
  return sections.flatMap(({ name, groups }) =>
    groups.flatMap(({ titles }) => titles.map((title) => ({ file: name, title }))),
  );
}

/** The page as it has to be. @throws {Error} if it lacks the marks */
export async function pageOfRaces(): Promise<string> {
  const page = await readFile(racesPage, "utf8");
  const [before, after] = [page.indexOf(begin), page.indexOf(end)];
  if (before < 0 || after < before) throw new Error(`${racesPage} lacks the marks of what is generated`);
  const sections = await Promise.all(filesInOrder().map(sectionOf));
  const text = sections.flatMap((section) => (section.groups.length === 0 ? [] : [inMarkdown(section)])).join("\n\n");
  const all = `${page.slice(0, before + begin.length)}\n\n${text}\n\n${page.slice(after)}`;
  return format(all, { parser: "markdown", printWidth: 120 });
}

function filesInOrder(): readonly string[] {
  const all = globSync(["test/*/*.test.ts", "packages/*/test/*.test.ts"]).toSorted();
  const toReadFirst = first.map((name) => join("test/race", `${name}.test.ts`));
  const others = all.filter((file) => !toReadFirst.includes(file));
  return [...toReadFirst, ...others.filter(isOfRaces), ...others.filter((file) => !isOfRaces(file))];
}

function isOfRaces(file: string): boolean {
  return basename(dirname(file)) === "race";
}

interface Section {
  readonly name: string;
  readonly groups: readonly Group[];
}

async function sectionOf(file: string): Promise<Section> {
  const name = file.replace(/^test\//, "").replace(/\.test\.ts$/, "");
  const isListed = (title: string) => isOfRaces(file) || title.includes(" | ");
  const groups = groupsIn(await readFile(file, "utf8"), isListed);
  return { name, groups: groups.filter(({ titles, comment }) => titles.length > 0 || (comment && isOfRaces(file))) };
}

/** Prettier has put every call of `describe` and of `it` or `test` on a line of its own, indented by its depth. */
const calls = /(?:^ *\/\*\*((?:(?!\*\/)[^])*)\*\/\n)?^( *)(describe|it|test)\(\s*(?:`([^`]*)`|"((?:[^"\\]|\\.)*)")/gm;

function groupsIn(source: string, isListed: (title: string) => boolean): readonly Group[] {
  const groups: Group[] = [{ depth: -1, title: "", comment: undefined, titles: [] }];
  for (const [, comment, indent = "", kind, template, text] of source.matchAll(calls)) {
    const title = (template ?? text ?? "").replaceAll(/\$\{(?:[^{}]|\{[^{}]*\})*\}/g, "…").replaceAll('\\"', '"');
    const depth = indent.length;
    if (kind === "describe") groups.push({ depth, title, comment: comment && unwrapped(comment), titles: [] });
    else if (isListed(title)) groups.findLast((group) => group.depth < depth)?.titles.push(title);
  }
  return groups;
}

/** The text of a comment, without its stars. */
function unwrapped(comment: string): string {
  return comment.replaceAll(/^ *\* ?/gm, "").trim();
}

function inMarkdown({ name, groups }: Section): string {
  const parts = groups.flatMap(({ depth, title, comment, titles }, index) => {
    const isSaidAbove = depth < 0 || (index === 0 && comment === undefined);
    const lead = comment ?? (isSaidAbove ? [] : `${title.slice(0, 1).toUpperCase()}${title.slice(1)}:`);
    return [lead, titles.map((each) => `- ${emphasised(each)}`).join("\n")].flat();
  });
  return [`## \`${name}\``, ...parts].join("\n\n");
}

/** What comes of it, in bold. */
function emphasised(title: string): string {
  const at = title.lastIndexOf(": ");
  return at < 0 ? title : `${title.slice(0, at)}: **${title.slice(at + 2)}**`;
}
