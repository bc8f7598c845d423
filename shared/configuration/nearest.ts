/** The one of `names` with the smallest edit distance to `name`, ignoring case. */
export function nearestOf(name: string, names: readonly string[]): string {
  const [nearest = ""] = names.toSorted((a, b) => distance(name, a) - distance(name, b));
  return nearest;
}

/** Levenshtein's distance, one row of the table at a time. */
export function distance(from: string, to: string): number {
  const [a, b] = [from.toLowerCase(), to.toLowerCase()];
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (const [index, letter] of a.split("").entries()) {
    let left = index + 1;
    row = row.map((above, column) => {
      if (column === 0) return left;
      const diagonal = row[column - 1] ?? 0;
      left = Math.min(left + 1, above + 1, diagonal + (letter === b[column - 1] ? 0 : 1));
      return left;
    });
  }
  return row.at(-1) ?? 0;
}
