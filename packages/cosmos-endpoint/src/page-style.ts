import { palette } from "@entra-functions-bff/stand-in-kit/palette";

/** The style of the page, the same as the app's own (web/style.css). */
export const pageStyle = `
:root {
  ${palette}
  --new: light-dark(#0b7a3b, #5fd38d);
  --gone: light-dark(#b3261e, #ff8f87);
  background: var(--page); color: var(--ink); font: 100%/1.55 system-ui, sans-serif; scrollbar-gutter: stable;
}
body { max-width: 62rem; margin: 0 auto; padding: 1.25rem clamp(1rem, 4vw, 2rem); }
.product { display: flex; align-items: center; gap: .75rem; margin: 0 0 1.5rem; font-weight: 600; }
.product svg { flex: none; width: 28px; height: 28px; border-radius: 8px; background: var(--accent); color: var(--on-accent); }
h1 { font-size: clamp(1.5rem, 1.2rem + 1.5vw, 2rem); line-height: 1.2; margin: 0 0 .5rem; }
p { margin: .5rem 0; max-width: 46rem; }
.note, h2 span, .what { color: var(--quiet); font-weight: normal; }
article {
  background: var(--card); border: 1px solid var(--line); border-inline-start: 5px solid var(--mark, var(--line));
  border-radius: 14px; margin: 1rem 0; padding: .9rem 1.25rem;
}
article.new { --mark: var(--new); }
article.changed { --mark: var(--accent); }
article.gone { --mark: var(--gone); }
article.gone pre, article.gone .what { opacity: .45; }
article.gone h2 { text-decoration: line-through; text-decoration-color: var(--gone); }
h2 { font-size: 1rem; margin: 0; overflow-wrap: anywhere; }
.what, .state { margin: .25rem 0 0; font-size: .9375rem; }
.state { color: var(--mark); font-weight: 600; }
.state:empty { display: none; }
pre { margin: .6rem 0 0; white-space: pre-wrap; overflow-wrap: anywhere; font-size: .85rem; line-height: 1.5; }
i { color: var(--quiet); font-style: normal; }
b { color: var(--accent); font-weight: 600; }
.stale main { opacity: .4; }
`;
