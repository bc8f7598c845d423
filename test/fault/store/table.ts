import { readFile } from "node:fs/promises";
import { format } from "prettier";
import { storeFaults, type Duration, type StoreFault } from "./faults.ts";
import type { Observation } from "./run.ts";
import type { StoreOperation } from "./scene.ts";

/** Where the tables are, beside what is written by hand. */
export const faultsPage = new URL("../../../docs/faults.md", import.meta.url);
const [begin, end] = ["<!-- generated: begin -->", "<!-- generated: end -->"];

/** The page as it has to be for these observations. @throws {Error} if it lacks the marks */
export async function pageWith(observations: readonly Observation[]): Promise<string> {
  const page = await readFile(faultsPage, "utf8");
  const [before, after] = [page.indexOf(begin), page.indexOf(end)];
  if (before < 0 || after < before) throw new Error("docs/faults.md lacks the marks of what is generated");
  const sections = [faultsSection(), ...sectionsOf(observations)].join("\n\n");
  const text = `${page.slice(0, before + begin.length)}\n\n${sections}\n\n${page.slice(after)}`;
  return format(text, { parser: "markdown", printWidth: 120 });
}

/** The page's own sections on these journeys, and what they have to be. */
export async function sectionsOnPage(
  observations: readonly Observation[],
): Promise<readonly { title: string; onPage: string; observed: string }[]> {
  const page = sectionsByTitle(await readFile(faultsPage, "utf8"));
  const observed = sectionsByTitle(await format(sectionsOf(observations).join("\n\n"), { parser: "markdown" }));
  return [...observed].map(([title, text]) => ({ title, observed: text, onPage: page.get(title) ?? "" }));
}

/** Titles of the page's sections on journeys. */
export async function titlesOnPage(): Promise<readonly string[]> {
  const page = await readFile(faultsPage, "utf8");
  return [...sectionsByTitle(page.slice(page.indexOf(begin), page.indexOf(end))).keys()];
}

function sectionsByTitle(markdown: string): Map<string, string> {
  const [, ...sections] = `\n${markdown}`.split("\n### ");
  return new Map(
    sections.map((section) => {
      const [title = "", ...text] = section.split("\n");
      return [title, text.join("\n").replace(end, "").trim()];
    }),
  );
}

function faultsSection(): string {
  const rows = storeFaults.map(({ name, description }) => [name, description]);
  return `## The faults\n\n${tableOf(["Fault", "What happens"], rows)}\n\n## Outcomes`;
}

function sectionsOf(observations: readonly Observation[]): readonly string[] {
  const journeys = [...new Set(observations.map(({ journey }) => journey))];
  return journeys.map((journey) => {
    const own = observations.filter((each) => each.journey === journey);
    const rows = [...healthyRow(own), ...journey.operations.flatMap((operation) => rowsOf(own, operation))];
    const head = ["Request", "Fault", "The caller sees", "In the store afterwards"];
    return `### ${journey.title}\n\n${journey.what}\n\n${tableOf(head, rows)}`;
  });
}

function healthyRow(own: readonly Observation[]): string[][] {
  return own.filter(({ fault }) => fault === undefined).map(({ seen, stored }) => ["", "none", seen, stored]);
}

/** One row for each outcome. */
function rowsOf(own: readonly Observation[], operation: StoreOperation): string[][] {
  const at = own.filter((each) => each.operation === operation);
  const outcomes = Map.groupBy(at, ({ seen, stored }) => `${seen}\n${stored}`);
  return [...outcomes.values()].flatMap((same) => {
    const [first] = same;
    if (!first) return [];
    const faults = (["once", "lasting"] as const).flatMap((duration) => faultsInWords(at, same, duration));
    return [[operationInWords(operation), faults.join("; "), first.seen, first.stored]];
  });
}

function operationInWords({ kind, container, of }: StoreOperation): string {
  return `${kind} \`${container}\`${of === undefined ? "" : ` (${of})`}`;
}

/** Names the faults of a row: all of a kind by the kind. */
function faultsInWords(at: readonly Observation[], same: readonly Observation[], duration: Duration): string[] {
  const faultsOf = (observations: readonly Observation[]) =>
    observations.flatMap((each) => (each.fault && each.duration === duration ? [each.fault] : []));
  const [all, here] = [faultsOf(at), new Set(faultsOf(same))];
  const groups: readonly [string, (fault: StoreFault) => boolean][] = [
    ["any trouble", ({ isRival }) => !isRival],
    ["any that is not written", ({ isRival, isWritten }) => !isRival && !isWritten],
    ["any that is written", ({ isWritten }) => isWritten],
    ["any trouble but _late_", ({ isRival, isLate }) => !isRival && !isLate],
    ["any that is written but _late_", ({ isWritten, isLate }) => isWritten && !isLate],
  ];
  const names: string[] = [];
  for (const [name, belongs] of groups) {
    const group = all.filter(belongs);
    if (group.length < 2 || !group.every((fault) => here.has(fault))) continue;
    names.push(name);
    for (const fault of group) here.delete(fault);
  }
  names.push(...[...here].map(({ name }) => `_${name}_`));
  return names.length === 0 ? [] : [`${duration}: ${names.join(", ")}`];
}

function tableOf(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}
