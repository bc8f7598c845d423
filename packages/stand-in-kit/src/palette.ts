/** Colours of the local pages, the same as the app's own (web/style.css): declarations for `:root`. */
export const palette = `
  color-scheme: light dark;
  --page: light-dark(#f3f5f8, #0e1319);
  --card: light-dark(#fff, #171e26);
  --ink: light-dark(#18202a, #e7ecf2);
  --quiet: light-dark(#536070, #a2afbd);
  --line: light-dark(#dce2e9, #2b3641);
  --accent: light-dark(#1160c2, #86b6ff);
  --on-accent: light-dark(#fff, #0a1a30);
  --good: light-dark(#0b7a3b, #5fd38d);
  --warn: light-dark(#8f5f00, #e3b341);
  --bad: light-dark(#b3261e, #ff8f87);
`;
