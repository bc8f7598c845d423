/** What has happened, newest first, in the words of somebody who explains it. */
import { element } from "./view.ts";
import { showAgo } from "./time.ts";

const list = element("events");
/** More than anybody reads. */
const maxEvents = 8;

export interface ShownEvent {
  /** What happened: `GET /api/graph/me: 200 in 12 ms`. */
  readonly what: string;
  /** What that means, behind the scenes. */
  readonly meaning: string;
  readonly at?: Date;
}

export function showEvent({ what, meaning, at = new Date() }: ShownEvent): void {
  const item = document.createElement("li");
  const [title, text, time] = [
    document.createElement("p"),
    document.createElement("p"),
    document.createElement("span"),
  ];
  title.className = "name";
  title.textContent = what;
  text.className = "muted";
  text.textContent = meaning;
  time.className = "muted when";
  showAgo(time, at);
  const words = document.createElement("div");
  words.append(title, text);
  item.append(words, time);
  list.prepend(item);
  while (list.children.length > maxEvents) list.lastElementChild?.remove();
}

export function forgetEvents(): void {
  list.replaceChildren();
}
