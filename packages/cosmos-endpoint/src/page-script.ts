/**
 * Keeps the page up to date. It marks new, changed and deleted documents for a while, because the deletion is what
 * people come to see and must not miss. It does not touch what has not changed, so selections stay.
 */
export const pageScript = `
const markedMs = 20000;
const fadeMs = matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 2500;
const marked = new Map();

function mark(article, state, text) {
  clearTimeout(marked.get(article.id));
  article.classList.remove("new", "changed");
  article.classList.add(state);
  article.querySelector(".state").textContent = text + " at " + new Date().toLocaleTimeString();
  marked.set(article.id, setTimeout(() => {
    if (state === "gone") article.remove();
    else article.classList.remove(state);
    article.querySelector(".state").textContent = "";
  }, markedMs));
}

function showGone(article) {
  const { expires, endsWith } = article.dataset;
  const isOver = expires !== undefined && Number(expires) * 1000 <= Date.now();
  const isSignOut = endsWith === "sign-out" && !isOver;
  mark(article, "gone", isOver ? "Expired" : isSignOut ? "Deleted by the sign-out" : "Deleted");
  if (isSignOut) article.querySelector(".what").textContent = "The encrypted tokens have gone with it. No cookie opens anything any more.";
  setTimeout(() => article.querySelector(".content").remove(), fadeMs);
}

/** There is room for whole documents on a desk. */
function unfold(parent) {
  if (matchMedia("(min-width: 48rem)").matches) for (const details of parent.querySelectorAll(".whole")) details.open = true;
}

function showChange(article, now) {
  const wereOpen = [...article.querySelectorAll("details")].map(({ open }) => open);
  article.querySelector(".content").replaceWith(now.querySelector(".content"));
  article.querySelectorAll("details").forEach((details, index) => (details.open = wereOpen[index]));
  for (const name of ["version", "expires"]) article.dataset[name] = now.dataset[name] ?? "";
  mark(article, "changed", "Written");
}

/** A document stays in the list in which it is shown, so that nothing jumps while somebody reads. */
function updateList(now, then, shownIds) {
  for (const article of [...now.children].reverse()) {
    if (shownIds.has(article.id)) continue;
    document.getElementById(article.id)?.remove();
    then.prepend(article);
    unfold(article);
    mark(article, "new", "Created");
  }
}

function update(now) {
  const status = document.querySelector("[role=status]");
  const text = now.querySelector("[role=status]").textContent;
  if (status.textContent !== text) status.textContent = text;
  const next = new Map([...now.querySelectorAll("article")].map((article) => [article.id, article]));
  const shown = [...document.querySelectorAll("article:not(.gone)")];
  const shownIds = new Set(shown.map(({ id }) => id).filter((id) => next.has(id)));
  for (const article of shown) {
    const latest = next.get(article.id);
    if (!latest) showGone(article);
    else if (latest.dataset.version !== article.dataset.version) showChange(article, latest);
  }
  for (const list of ["#documents", "#entries", "#marked"]) {
    updateList(now.querySelector(list), document.querySelector(list), shownIds);
  }
  const marks = document.querySelectorAll("#marks article").length;
  document.querySelector("#marks").hidden = marks === 0;
  document.querySelector("#marks summary span").textContent = marks;
}

unfold(document);
setInterval(async () => {
  try {
    const response = await fetch("/", { headers: { accept: "text/html" } });
    update(new DOMParser().parseFromString(await response.text(), "text/html"));
    document.body.classList.remove("stale");
  } catch {
    document.body.classList.add("stale");
  }
}, 1000);
`;
