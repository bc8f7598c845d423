const browsers: readonly [RegExp, string][] = [
  [/Edg(A|iOS)?\//, "Microsoft Edge"],
  [/OPR\//, "Opera"],
  [/Firefox\/|FxiOS\//, "Firefox"],
  [/Chrome\/|Chromium\/|CriOS\//, "Chrome"],
  [/Safari\//, "Safari"],
];

const systems: readonly [RegExp, string][] = [
  [/iPhone|iPad/, "iOS"],
  [/Android/, "Android"],
  [/Windows/, "Windows"],
  [/Mac OS X|Macintosh/, "macOS"],
  [/CrOS/, "ChromeOS"],
  [/Linux/, "Linux"],
];

/**
 * A name by which a person recognises a browser in the list of sessions, such as "Firefox on Windows". It has no versions or
 * devices: the header itself would identify people better than the list needs.
 */
export function describeUserAgent(header: string | null): string {
  const find = (table: readonly [RegExp, string][]) => table.find(([pattern]) => pattern.test(header ?? ""))?.[1];
  const browser = find(browsers) ?? "Unknown browser";
  const system = find(systems);
  return system ? `${browser} on ${system}` : browser;
}
