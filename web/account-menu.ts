/** The account menu in the header. */
import { element } from "./view.ts";

/** Has the menu, which the browser opens by itself, close as menus do. */
export function prepareAccountMenu(): void {
  const menu = element("menu");
  const close = (): void => menu.removeAttribute("open");
  document.addEventListener("click", ({ target }) => {
    const isControl = target instanceof Element && target.closest("#menu summary") !== null;
    if (!isControl) close();
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
}
