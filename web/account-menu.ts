/** The account menu in the header. It opens by itself, and closes as menus do. */
import { element } from "./view.ts";

const menu = element("menu");

document.addEventListener("click", ({ target }) => {
  const isInside = target instanceof Node && menu.contains(target);
  const isControl = target instanceof Element && target.closest("#menu summary") !== null;
  if (!isInside || !isControl) close();
});
menu.addEventListener("keydown", ({ key }) => {
  if (key !== "Escape" || !menu.hasAttribute("open")) return;
  close();
  menu.querySelector("summary")?.focus();
});
menu.addEventListener("focusout", ({ relatedTarget }) => {
  // Without one, the click that follows decides, or the person has turned to another window.
  if (relatedTarget instanceof Node && !menu.contains(relatedTarget)) close();
});

function close(): void {
  menu.removeAttribute("open");
}
