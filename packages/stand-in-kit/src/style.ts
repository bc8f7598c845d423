import { neighbourStyle } from "./neighbours.ts";
import { palette } from "./palette.ts";

/**
 * The style of every local page, the same as the app's own page (web/style.css): system fonts, one card, light and
 * dark, from phone width up. Only the other app has its own colour, so that people see where they are.
 */
export const style = `
:root {
  ${palette}
  --accent-strong: light-dark(#0c4a98, #adceff);
  --hover: light-dark(#e6effb, #1d2c40);
}
.other-app {
  --accent: light-dark(#7a3fb0, #d3a6ff);
  --accent-strong: light-dark(#5d2c8a, #e3c6ff);
  --on-accent: light-dark(#fff, #21102f);
  --hover: light-dark(#f3eafb, #2b2036);
}
* { box-sizing: border-box; }
body {
  margin: 0; min-height: 100vh; padding: 1rem;
  display: flex; flex-direction: column; align-items: center; justify-content: center; gap: 1rem;
  background: var(--page); color: var(--ink);
  font: 1rem/1.55 system-ui, sans-serif;
}
main {
  width: 100%; max-width: 27rem; padding: 1.75rem;
  background: var(--card); border: 1px solid var(--line); border-radius: 14px;
}
.product { display: flex; align-items: center; gap: .75rem; margin: 0 0 1rem; font-weight: 600; }
.product svg { flex: none; width: 28px; height: 28px; border-radius: 8px; background: var(--accent); color: var(--on-accent); }
h1 { margin: 0 0 .5rem; font-size: 1.5rem; line-height: 1.25; overflow-wrap: anywhere; }
p { margin: .5rem 0; overflow-wrap: anywhere; }
.quiet, footer { color: var(--quiet); }
footer { max-width: 27rem; font-size: .875rem; text-align: center; }
${neighbourStyle}
footer .neighbours { justify-content: center; }
ul { list-style: none; margin: 1rem 0; padding: 0; }
li + li { margin-top: .5rem; }
.plain li { padding: .5rem .75rem; border: 1px solid var(--line); border-radius: 10px; }
.person {
  display: flex; align-items: center; gap: .75rem; width: 100%; padding: .625rem .75rem;
  border: 1px solid var(--line); border-radius: 10px; background: none; color: inherit; font: inherit; text-align: start;
}
button.person { cursor: pointer; }
button.person:hover { background: var(--hover); border-color: var(--accent); }
.person span { min-width: 0; overflow-wrap: anywhere; }
.person small { display: block; color: var(--quiet); font-size: .875rem; }
.avatar {
  flex: none; width: 2.5rem; height: 2.5rem; border-radius: 50%; display: grid; place-items: center;
  background: var(--accent); color: var(--on-accent); font-weight: 600;
}
.actions { display: flex; flex-wrap: wrap; gap: .75rem; margin-top: 1.25rem; }
.button {
  display: inline-flex; align-items: center; min-height: 44px; padding: .5rem 1.25rem;
  border: 1px solid var(--accent); border-radius: 10px;
  background: var(--accent); color: var(--on-accent); font: inherit; font-weight: 600; cursor: pointer; text-decoration: none;
}
.button.secondary { background: none; color: var(--accent); }
.button:hover { background: var(--accent-strong); border-color: var(--accent-strong); }
.button.secondary:hover { background: var(--hover); border-color: var(--accent); }
a { color: var(--accent); }
code { overflow-wrap: anywhere; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
iframe { display: none; }
.steps li { display: grid; grid-template-columns: 1.75rem 1fr; gap: 0 .75rem; align-items: center; padding-block: .65rem; }
.steps li + li { margin: 0; border-top: 1px solid var(--line); }
.steps li::before {
  content: ""; grid-row: 1 / 3; width: 1.75rem; height: 1.75rem; border: 3px dotted var(--quiet); border-radius: 50%;
  display: grid; place-items: center; font-weight: 700; line-height: 1;
}
.steps [data-outcome]::before { border: 0; color: var(--card); }
.steps [data-outcome="done"]::before { content: "✓" / ""; background: var(--good); }
.steps [data-outcome="late"]::before { content: "!" / ""; background: var(--warn); }
.steps strong { overflow-wrap: anywhere; }
.steps .outcome { grid-column: 2; color: var(--quiet); font-size: .875rem; }
.explanation { margin-top: 1.25rem; font-size: .875rem; }
.choice { display: flex; align-items: center; gap: .75rem; min-height: 44px; color: var(--quiet); }
.choice input { flex: none; width: 1.25rem; height: 1.25rem; margin: 0; accent-color: var(--accent); }
`;
