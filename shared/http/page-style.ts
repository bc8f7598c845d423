import { createHash } from "node:crypto";

/** The app's icon, which is also at `/assets/favicon.svg`. */
export const icon =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="8" fill="#1160c2"/>' +
  '<path d="M17 7H9.5A1.5 1.5 0 0 0 8 8.5v15A1.5 1.5 0 0 0 9.5 25H17M14.5 16H25M20.8 11.5 25.3 16l-4.5 4.5" fill="none"' +
  ' stroke="#fff" stroke-width="2.6" stroke-linecap="round" stroke-linejoin="round"/></svg>';

export const iconUrl = `data:image/svg+xml,${encodeURIComponent(icon)}`;

/** The style of the small pages. It is within them: an app may replace everything that its own pages load. */
export const pageStyle = `
:root {
  color-scheme: light dark;
  --page: light-dark(#f3f5f8, #0e1319);
  --card: light-dark(#fff, #171e26);
  --text: light-dark(#18202a, #e7ecf2);
  --muted: light-dark(#536070, #a2afbd);
  --line: light-dark(#dce2e9, #2b3641);
  --edge: light-dark(#778494, #71808f);
  --accent: light-dark(#1160c2, #86b6ff);
  --on-accent: light-dark(#fff, #0a1a30);
  background: var(--page);
  color: var(--text);
  font: 100%/1.55 system-ui, sans-serif;
}
* { box-sizing: border-box; margin: 0; }
body {
  display: flex;
  flex-direction: column;
  align-items: center;
  justify-content: center;
  gap: 1rem;
  min-height: 100dvh;
  padding: 1rem;
  overflow-wrap: anywhere;
}
header, main { width: 100%; max-width: 30rem; }
header { display: flex; align-items: center; gap: 0.75rem; padding-inline: 1.25rem; font-weight: 600; }
main {
  display: grid;
  gap: 0.85rem;
  padding: clamp(1.25rem, 3vw, 1.75rem);
  border: 1px solid var(--line);
  border-radius: 14px;
  background: var(--card);
}
h1 { font-size: 1.5rem; line-height: 1.15; text-wrap: balance; }
p { text-wrap: pretty; }
.actions { display: flex; flex-wrap: wrap; gap: 0.75rem; }
.button {
  display: inline-flex;
  align-items: center;
  justify-content: center;
  min-height: 44px;
  padding: 0.5rem 1.25rem;
  border: 1px solid transparent;
  border-radius: 10px;
  background: var(--accent);
  color: var(--on-accent);
  font: inherit;
  font-weight: 600;
  text-decoration: none;
  cursor: pointer;
}
.button.secondary { border-color: var(--edge); background: transparent; color: var(--text); }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
.muted { margin-top: 0.5rem; color: var(--muted); font-size: 0.9375rem; }
code { display: block; font-family: ui-monospace, monospace; font-size: 0.95em; }
`;

/** How a policy names an inline script or style that it allows (Content Security Policy Level 3 section 2.3.1). */
export function sourceOfInline(text: string): string {
  return `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
}
