/** Times for people to read, and times that are updated while they are displayed. */

import { isPageHidden, localTime } from "./facilities.ts";

/** Units with their seconds, the largest first, in the page's language because they are part of a sentence. */
const units = [
  ["days", 86_400],
  ["hr.", 3_600],
  ["min.", 60],
  ["sec.", 1],
] as const;

/** `Mar 1, 2026, 2:03 PM` in the reader's locale; `today, 2:03 PM` and `tomorrow, 2:03 PM` if that applies. */
export function dayTime(date: Date): string {
  if (Number.isNaN(date.getTime())) return "";
  const isDay = (offset: number): boolean => {
    const day = new Date();
    day.setDate(day.getDate() + offset);
    return day.toDateString() === date.toDateString();
  };
  const timeOfDay = localTime(date, { timeStyle: "short" });
  if (isDay(0)) return `today, ${timeOfDay}`;
  return isDay(1) ? `tomorrow, ${timeOfDay}` : localTime(date, { dateStyle: "medium", timeStyle: "short" });
}

/** `2:03:15 PM`, in the reader's locale. */
export function clockTime(date: Date): string {
  return localTime(date, { timeStyle: "medium" });
}

/**
 * Shows how long ago that was, and keeps it up to date. If the server's clock is ahead, it shows "now", never "in 2
 * sec.".
 */
export function showAgo(element: HTMLElement, date: Date): void {
  element.dataset["ago"] = String(date.getTime());
  write(element);
}

function write(element: HTMLElement): void {
  const seconds = Math.max(0, (Date.now() - Number(element.dataset["ago"])) / 1000);
  const text = ago(seconds);
  // Only if it has changed; otherwise a person selecting text would lose the selection.
  if (element.textContent !== text) element.textContent = text;
}

/** `now`, `12 sec. ago`, `yesterday`. */
function ago(seconds: number): string {
  const [unit, size] = units.find(([, each]) => seconds >= each) ?? ["", 0];
  if (size === 0) return "now";
  const count = Math.floor(seconds / size);
  return unit === "days" && count === 1 ? "yesterday" : `${count} ${unit} ago`;
}

setInterval(() => {
  if (isPageHidden()) return;
  for (const element of document.querySelectorAll<HTMLElement>("[data-ago]")) write(element);
}, 1000);
