import { type Html, html } from "@entra-functions-bff/stand-in-kit/html";
import { originOf, type PageOptions } from "@entra-functions-bff/stand-in-kit/layout";
import { holdChoice, holdScript } from "./hold-choice.ts";

/** How long the page waits for the apps' answers, in milliseconds. */
const patienceMs = 2500;

/** An app that the person was signed in to. */
export interface ToldApp {
  readonly name: string;
  /** With the session's `sid`; undefined if the app has registered none. */
  readonly logoutUrl: string | undefined;
}

/**
 * Calls every app's Logout URL in a hidden iframe (OpenID Connect Front-Channel Logout 1.0, section 2), and continues
 * when all have answered or the time limit is reached. The provider's own session has ended before this page is sent.
 * @param page `mayHold`: whether the page stays until the person goes on, unless they have chosen otherwise
 */
export function frontChannelPage(page: {
  readonly apps: readonly ToldApp[];
  readonly continueTo: string;
  readonly mayHold: boolean;
}): PageOptions {
  const { apps, continueTo, mayHold } = page;
  const logoutUrls = apps.flatMap(({ logoutUrl }) => logoutUrl ?? []);
  return {
    title: "Signing you out",
    frames: [...new Set(logoutUrls.map(originOf))],
    ...(!mayHold && { refresh: { seconds: Math.ceil(patienceMs / 1000), url: continueTo } }),
    script: `${holdScript(mayHold)}${watchFrames(continueTo)}`,
    body: html`<p role="status" id="progress">Hang on a moment: your apps are being told.</p>
      <ul class="steps">
        <li data-outcome="done">
          <strong>This identity provider</strong>
          <span class="outcome">Your session here has ended.</span>
        </li>
        ${apps.map(step)}
      </ul>
      <div class="actions"><a class="button" href="${continueTo}" id="continue">Continue</a></div>
      ${mayHold && explanation} ${mayHold && holdChoice("Stop at this page after the next sign-out, too")}`,
  };
}

/** One app, with its frame. */
function step({ name, logoutUrl }: ToldApp): Html {
  if (logoutUrl === undefined) {
    return html`<li data-outcome="late">
      <strong>${name}</strong>
      <span class="outcome">Has no Logout URL, so it is not told.</span>
    </li>`;
  }
  return html`<li>
    <strong>${name}</strong>
    <span class="outcome">A hidden frame calls its Logout URL…</span>
    <iframe src="${logoutUrl}" title="Signing out" aria-hidden="true"></iframe>
  </li>`;
}

const explanation = html`<p class="quiet explanation">
  Microsoft Entra ID does the same and goes on at once. Each frame calls an app’s Logout URL with the id of your
  session, the <code>sid</code>, and usually without cookies. What an app answers is hidden from this page: look there.
</p>`;

/**
 * A frame's load event comes also when the app could not be reached, and nothing tells the two apart. The window's own
 * load event waits for every frame.
 */
function watchFrames(continueTo: string): string {
  // "<" as an escape, so that no URL can end the script element.
  const target = JSON.stringify(continueTo).replaceAll("<", String.raw`\u003c`);
  return `
    let isOver = false;
    const frames = [...document.querySelectorAll("iframe")];
    const settle = (frame, outcome, text) => {
      const { dataset } = frame.parentElement;
      if (dataset.outcome) return;
      dataset.outcome = outcome;
      frame.parentElement.querySelector(".outcome").textContent = text;
    };
    const loaded = (frame) => settle(frame, "done", "Its frame has loaded, after " + Math.round(performance.now()) + " ms.");
    const finish = () => {
      if (isOver) return;
      isOver = true;
      if (!holds()) return location.replace(${target});
      document.getElementById("progress").textContent = "Your apps have been told. Look at them, then go on.";
      document.getElementById("continue").focus();
    };
    for (const frame of frames) frame.addEventListener("load", () => loaded(frame));
    addEventListener("load", () => {
      frames.forEach(loaded);
      finish();
    }, { once: true });
    setTimeout(() => {
      for (const frame of frames) settle(frame, "late", "Its frame has not loaded in ${patienceMs / 1000} seconds.");
      finish();
    }, ${patienceMs});
  `;
}
