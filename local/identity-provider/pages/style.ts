/** The look of every local page: system fonts, one card, light and dark, from phone width up. */
export const style = `
:root {
  color-scheme: light dark;
  --page: light-dark(#f3f5f9, #14171c);
  --card: light-dark(#ffffff, #1f242c);
  --ink: light-dark(#1b1f27, #eef1f6);
  --quiet: light-dark(#59616f, #a8b0bd);
  --line: light-dark(#d5dae3, #3a424f);
  --accent: light-dark(#0b5cad, #6fb3f7);
  --on-accent: light-dark(#ffffff, #0c1117);
  --hover: light-dark(#eaf1fa, #2a323d);
}
* { box-sizing: border-box; }
body {
  margin: 0; min-height: 100vh; padding: 1rem;
  display: flex; flex-direction: column; align-items: center; justify-content: center; gap: 1rem;
  background: var(--page); color: var(--ink);
  font: 1rem/1.5 system-ui, "Segoe UI", Roboto, sans-serif;
}
main {
  width: 100%; max-width: 27rem; padding: 1.75rem;
  background: var(--card); border: 1px solid var(--line); border-radius: 12px;
}
.product { margin: 0 0 .75rem; color: var(--quiet); font-weight: 600; }
h1 { margin: 0 0 .5rem; font-size: 1.5rem; line-height: 1.25; overflow-wrap: anywhere; }
p { margin: .5rem 0; overflow-wrap: anywhere; }
.quiet, footer { color: var(--quiet); }
footer { max-width: 27rem; font-size: .875rem; text-align: center; }
ul { list-style: none; margin: 1rem 0; padding: 0; }
li + li { margin-top: .5rem; }
.plain li { padding: .5rem .75rem; border: 1px solid var(--line); border-radius: 8px; }
.person {
  display: flex; align-items: center; gap: .75rem; width: 100%; padding: .625rem .75rem;
  border: 1px solid var(--line); border-radius: 8px; background: none; color: inherit; font: inherit; text-align: start;
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
  display: inline-block; padding: .5rem 1.25rem; border: 1px solid var(--accent); border-radius: 8px;
  background: var(--accent); color: var(--on-accent); font: inherit; font-weight: 600; cursor: pointer; text-decoration: none;
}
.button.secondary { background: none; color: var(--accent); }
.button:hover { filter: brightness(1.1); }
a { color: var(--accent); }
code { overflow-wrap: anywhere; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
iframe { display: none; }
`;
