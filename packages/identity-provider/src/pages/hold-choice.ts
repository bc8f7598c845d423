import { type Html, html } from "@entra-functions-bff/stand-in-kit/html";

/** The person's choice whether the page that tells the apps of a sign-out waits for them. This browser keeps it. */
export function holdChoice(label: string): Html {
  return html`<label class="choice" id="hold" hidden><input type="checkbox" />${label}</label>`;
}

/** Defines `holds()`, and has the box of `holdChoice` show and change it. Without scripts or storage, the page waits. */
export function holdScript(mayHold: boolean): string {
  if (!mayHold) return "const holds = () => false;";
  return `
    const key = "go-on-after-sign-out";
    const holds = () => {
      try { return localStorage.getItem(key) === null; } catch { return true; }
    };
    const label = document.getElementById("hold");
    const box = label.querySelector("input");
    box.checked = holds();
    label.hidden = false;
    box.addEventListener("change", () => {
      try { if (box.checked) localStorage.removeItem(key); else localStorage.setItem(key, "yes"); } catch {}
    });
  `;
}
