/**
 * Keeps the page up to date. It marks new, changed and deleted documents for a while, because the deletion is what
 * people come to see and must not miss. It does not touch what has not changed, so selections stay.
 */
export const pageScript = `
const markedMs = 10000;
const marks = new Map();

function mark(article, state, text) {
  clearTimeout(marks.get(article.id));
  article.classList.remove("new", "changed");
  article.classList.add(state);
  article.querySelector(".state").textContent = text + " at " + new Date().toLocaleTimeString();
  marks.set(article.id, setTimeout(() => {
    if (state === "gone") article.remove();
    else article.classList.remove(state);
    article.querySelector(".state").textContent = "";
  }, markedMs));
}

function update(now, then) {
  const [status, wasStatus] = [now, then].map((main) => main.querySelector("[role=status]"));
  if (status.textContent !== wasStatus.textContent) wasStatus.textContent = status.textContent;
  const next = new Map([...now.querySelectorAll("article")].map((article) => [article.id, article]));
  for (const article of then.querySelectorAll("article:not(.gone)")) {
    const changed = next.get(article.id);
    next.delete(article.id);
    if (!changed) {
      mark(article, "gone", "Deleted");
    } else if (changed.querySelector("pre").innerHTML !== article.querySelector("pre").innerHTML) {
      article.querySelector("pre").innerHTML = changed.querySelector("pre").innerHTML;
      mark(article, "changed", "Written");
    }
  }
  for (const article of next.values()) {
    document.getElementById(article.id)?.remove();
    wasStatus.after(article);
    mark(article, "new", "Created");
  }
}

setInterval(async () => {
  try {
    const response = await fetch("/", { headers: { accept: "text/html" } });
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    update(page.querySelector("main"), document.querySelector("main"));
    document.body.classList.remove("stale");
  } catch {
    document.body.classList.add("stale");
  }
}, 1000);
`;
