/**
 * Whether a file's name ends in a hash of its contents, as bundlers write it: eight or more letters and digits after the last dot
 * or hyphen, such as `index-BfE3z1xK.js` or `main.3f2a1b9c.css`. What reads as words, sizes or dates is no hash:
 * `page-OrderList.js`, `icon-1024x1024.png`, `report-20261201.pdf`. In doubt it is none, because a browser asks for such a file
 * again only after a year.
 */
export function hasHashInName(name: string): boolean {
  const [, hash] = /[.-]([\w-]{8,})\.\w+(?:\.map)?$/.exec(name) ?? [];
  return hash !== undefined && runsOf(hash) * longestAverageRun >= hash.length;
}

/** Words and numbers are runs of letters of one case, or of digits. In a hash, runs are short. */
const longestAverageRun = 2.5;

function runsOf(text: string): number {
  return text.match(/[A-Z]?[a-z]+|[A-Z]+|\d+|[_-]+/g)?.length ?? 0;
}
