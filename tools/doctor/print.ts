import type { Finding, Status } from "./finding.ts";

const signs: Readonly<Record<Status, string>> = { ok: "✓", warning: "!", failed: "✗", "not checked": "–" };
/** SGR parameters (ECMA-48): green, yellow, red, faint. */
const colours: Readonly<Record<Status, number>> = { ok: 32, warning: 33, failed: 31, "not checked": 2 };
const words: Readonly<Record<Status, string>> = {
  ok: "fine",
  warning: "to look at",
  failed: "failed",
  "not checked": "not checked",
};

/** A line for each finding, a summary line, and a line break at the end. */
export function reportText(findings: readonly Finding[], colour: boolean): string {
  const width = Math.max(...findings.map(({ name }) => name.length));
  const lines = findings.map(({ status, name, text }) => {
    const sign = colour ? `\u001B[${colours[status]}m${signs[status]}\u001B[0m` : signs[status];
    return `${sign} ${name.padEnd(width)}  ${oneLine(text)}`;
  });
  return `${[...lines, "", summary(findings)].join("\n")}\n`;
}

function summary(findings: readonly Finding[]): string {
  const counts = (Object.keys(words) as Status[]).map((status) => ({
    word: words[status],
    count: findings.filter((finding) => finding.status === status).length,
  }));
  return counts
    .filter(({ count }) => count > 0)
    .map(({ word, count }) => `${count} ${word}`)
    .join(", ");
}

/** The text may come from outside, so it must not have line breaks or control characters of a terminal. */
function oneLine(text: string): string {
  return text.replaceAll(/[\p{Cc}\s]+/gu, " ").trim();
}
