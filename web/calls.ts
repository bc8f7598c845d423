/** The page's calls: of an API, and of the app's own function. */
import { call, ProblemError, request, signInFor } from "./auth.ts";
import { basePath } from "./base-path.ts";
import { describe } from "./describe.ts";
import { showEvent } from "./events-view.ts";
import { attempt, milliseconds, undertaking, type Undertaking } from "./facilities.ts";
import { hideErrorAbout, showErrorAbout } from "./shown-error.ts";
import * as view from "./view.ts";

const button = view.element("call-graph");

let calling: Undertaking | undefined;
let asking: Undertaking | undefined;

button.addEventListener("click", () => void callGraph());

/** Calls under way belong to a session that is no longer displayed. */
export function forgetCalls(): void {
  calling?.callOff();
  asking?.callOff();
  view.setBusy(button, false);
}

async function callGraph(): Promise<void> {
  if (view.isBusy(button)) return;
  const { init, isCalledOff } = (calling = undertaking());
  hideErrorAbout("call");
  view.setBusy(button, true);
  view.clearAnswer();
  view.showTiming("Calling…");
  try {
    const { response, text, duration } = await timed(() => call("graph", "me", init));
    if (isCalledOff()) return;
    view.showTiming(`Answered with status ${response.status} in ${duration} ms`);
    view.showAnswer(indented(text));
    showEvent({
      what: `GET /api/graph/me: ${response.status} in ${duration} ms`,
      meaning: "The server read your account document and called the API with the token in it.",
    });
  } catch (error) {
    if (!isCalledOff()) showCallError(error);
  } finally {
    if (!isCalledOff()) view.setBusy(button, false);
  }
}

function showCallError(error: unknown): void {
  view.clearAnswer();
  const described = describe(error);
  showEvent({ what: `GET /api/graph/me: ${described.status ?? "no answer"}`, meaning: `${described.title}.` });
  const problem = error instanceof ProblemError ? error.problem : undefined;
  if (problem?.code !== "signin_required" && problem?.code !== "api_signin_required") {
    showErrorAbout("call", { ...described, action: "Try again", onAction: () => void callGraph() });
    return;
  }
  const onAction = (): void => void signInFor(error, { returnUrl: `${basePath()}/` });
  const asked =
    problem.claims === undefined && problem.api === undefined
      ? { title: "Sign in again", text: "The server can no longer get a token for this API.", action: "Sign in again" }
      : { title: "One more step", text: "The API asks you to confirm who you are first.", action: "Continue" };
  showErrorAbout("call", { ...described, ...asked, onAction });
}

/** The picture is optional: if it cannot be loaded, for any reason, the page does without. */
export async function loadPicture(): Promise<void> {
  const { init, isCalledOff } = (asking = undertaking());
  try {
    const { response, text, duration } = await timed(() => request("/me/profile", init));
    if (isCalledOff()) return;
    const { picture } = response.ok ? (JSON.parse(text) as { picture: string | null }) : { picture: null };
    view.showPicture(picture);
    showEvent({
      what: `GET /me/profile: ${response.status} in ${duration} ms`,
      meaning: "The app’s own function asked Microsoft Graph for your name and picture.",
    });
  } catch {
    if (!isCalledOff()) view.showPicture(null);
  }
}

/** The answer with its text, and how many milliseconds it took to receive all of it. */
async function timed(ask: () => Promise<Response>): Promise<{ response: Response; text: string; duration: number }> {
  const start = milliseconds();
  const response = await ask();
  const text = await response.text();
  return { response, text, duration: Math.round(milliseconds() - start) };
}

/** Indents JSON; anything else stays as it is. */
function indented(text: string): string {
  return attempt(() => JSON.stringify(JSON.parse(text), undefined, 2)) ?? text;
}
