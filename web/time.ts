/** Times as people read them, and times that move on while they are read. */

// In the runtime's own locale: navigator.languages can hold tags that Intl refuses ("en-US@posix").
const dayAndTime = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
const hourAndMinute = new Intl.DateTimeFormat(undefined, { timeStyle: "short" });
const timeOfDay = new Intl.DateTimeFormat(undefined, { timeStyle: "medium" });
// In the page's language: it is part of a sentence.
const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto", style: "short" });

/** Largest first, with its seconds. */
const units = [
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
  ["second", 1],
] as const;

/** `Mar 1, 2026, 2:03 PM`, as the reader writes it; `today, 2:03 PM` and `tomorrow, 2:03 PM` where that is so. */
export function dayTime(date: Date): string {
  const isDay = (offset: number): boolean => {
    const day = new Date();
    day.setDate(day.getDate() + offset);
    return day.toDateString() === date.toDateString();
  };
  if (isDay(0)) return `today, ${hourAndMinute.format(date)}`;
  return isDay(1) ? `tomorrow, ${hourAndMinute.format(date)}` : dayAndTime.format(date);
}

/** `2:03:15 PM`, as the reader writes it. */
export function clockTime(date: Date): string {
  return timeOfDay.format(date);
}

/** Shows how long ago that was, from now on without end. Servers' clocks may be ahead: never "in 2 sec.". */
export function showAgo(element: HTMLElement, date: Date): void {
  element.dataset["ago"] = String(date.getTime());
  write(element);
}

function write(element: HTMLElement): void {
  const seconds = Math.max(0, (Date.now() - Number(element.dataset["ago"])) / 1000);
  const [unit, size] = units.find(([, each]) => seconds >= each) ?? (["second", 1] as const);
  const text = relative.format(-Math.floor(seconds / size), unit);
  // Not when nothing has changed: whoever is selecting text would lose the selection.
  if (element.textContent !== text) element.textContent = text;
}

setInterval(() => {
  if (document.visibilityState !== "visible") return;
  for (const element of document.querySelectorAll<HTMLElement>("[data-ago]")) write(element);
}, 1000);
