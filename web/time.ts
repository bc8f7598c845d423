/** Times as people read them, and times that move on while they are read. */

import { isPageHidden, localTime } from "./facilities.ts";

/** Largest first, with its seconds, in the page's language: it is part of a sentence. */
const units = [
  ["days", 86_400],
  ["hr.", 3_600],
  ["min.", 60],
  ["sec.", 1],
] as const;

/** `Mar 1, 2026, 2:03 PM`, as the reader writes it; `today, 2:03 PM` and `tomorrow, 2:03 PM` where that is so. */
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

/** `2:03:15 PM`, as the reader writes it. */
export function clockTime(date: Date): string {
  return localTime(date, { timeStyle: "medium" });
}

/** Shows how long ago that was, from now on without end. Servers' clocks may be ahead: never "in 2 sec.". */
export function showAgo(element: HTMLElement, date: Date): void {
  element.dataset["ago"] = String(date.getTime());
  write(element);
}

function write(element: HTMLElement): void {
  const seconds = Math.max(0, (Date.now() - Number(element.dataset["ago"])) / 1000);
  const text = ago(seconds);
  // Not when nothing has changed: whoever is selecting text would lose the selection.
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
