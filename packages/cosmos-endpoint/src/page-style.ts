import { neighbourStyle } from "@entra-functions-bff/stand-in-kit/neighbours";
import { palette } from "@entra-functions-bff/stand-in-kit/palette";

/** The style of the page, the same as the app's own (web/style.css). */
export const pageStyle = `
:root {
  ${palette}
  background: var(--page); color: var(--ink); font: 100%/1.55 system-ui, sans-serif; scrollbar-gutter: stable;
}
body { max-width: 62rem; margin: 0 auto; padding: 1.25rem clamp(1rem, 4vw, 2rem); }
header { display: flex; flex-wrap: wrap; align-items: center; justify-content: space-between; gap: .25rem 2rem; margin-bottom: 1.25rem; }
.product { display: flex; align-items: center; gap: .75rem; margin: 0; font-weight: 600; }
.product svg { flex: none; width: 28px; height: 28px; border-radius: 8px; background: var(--accent); color: var(--on-accent); }
a { color: var(--accent); }
${neighbourStyle}
h1 { font-size: clamp(1.5rem, 1.2rem + 1.5vw, 2rem); line-height: 1.2; margin: 0 0 .5rem; }
p { margin: .5rem 0; max-width: 46rem; }
.note, h2 span, .what, summary { color: var(--quiet); font-weight: normal; }
article {
  background: var(--card); border: 1px solid var(--line); border-inline-start: 5px solid var(--mark, var(--line));
  border-radius: 14px; margin: 1rem 0; padding: 1rem 1.25rem;
}
h2 { font-size: 1.125rem; line-height: 1.35; margin: 0; }
h2 b { font-weight: inherit; }
h2 span { display: block; font: .8125rem/1.5 ui-monospace, monospace; overflow-wrap: anywhere; }
.what, .state { margin: .25rem 0 0; font-size: .9375rem; }
.state { color: var(--mark); font-size: 1.0625rem; font-weight: 600; }
.state:empty { display: none; }
figure { margin: .85rem 0; padding: .85rem 1rem; border-radius: 10px; background: var(--page); }
figcaption { font-size: .9375rem; color: var(--quiet); }
figcaption strong { color: var(--accent); font-family: ui-monospace, monospace; }
figure code {
  display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 3; overflow: hidden;
  margin-top: .4rem; color: var(--accent); font: .85rem/1.5 ui-monospace, monospace; overflow-wrap: anywhere;
}
pre { margin: .6rem 0; white-space: pre-wrap; overflow-wrap: anywhere; font: .85rem/1.5 ui-monospace, monospace; }
summary { width: fit-content; padding-block: .6rem; font-size: .9375rem; cursor: pointer; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
article.new { --mark: var(--good); }
article.changed { --mark: var(--accent); }
article.gone { --mark: var(--bad); }
article.gone .content { animation: vanish 2.5s ease-in forwards; }
article.gone .title { text-decoration: line-through; text-decoration-color: var(--bad); text-decoration-thickness: 2px; }
@keyframes vanish { to { opacity: 0; filter: blur(6px); } }
.stale main { opacity: .4; }
`;
