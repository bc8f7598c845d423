/** What people do with an app, with as little page as possible. */
import {
  call,
  endSession,
  loginUrl,
  logout,
  onSession,
  sessions,
  setBasePath,
  type ListedSession,
  type Me,
  type SignedOut,
} from "../../../web/auth.ts";

const reasons: Partial<Record<SignedOut["reason"], string>> = {
  "other-tab": "You signed out in another tab of this browser.",
  elsewhere: "This session was ended elsewhere.",
};
const signedOutHere = "signed-out-here";
let leaving = false;

// It is at the root of the app.
setBasePath(location.pathname);
element("sign-in").setAttribute("href", loginUrl());
element("sign-out").addEventListener("click", () => void logout());
element("sign-out-everywhere").addEventListener("click", () => void logout({ everywhere: true }));
element("call-graph").addEventListener("click", () => void callGraph());
// The browser may show this page again before the server can say who is signed in.
addEventListener("pagehide", forget);
addEventListener("pageshow", ({ persisted }) => {
  if (persisted) forget();
});
onSession((status) => {
  if (status.state === "signed-in") showSignedIn(status.me);
  else if (status.state === "signed-out") showSignedOut(status.signedOut);
});

function element(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (!found) throw new Error(`The page has no ${id}`);
  return found;
}

async function callGraph(): Promise<void> {
  const answer = await call("graph", "me");
  element("answer").textContent = JSON.stringify(await answer.json(), undefined, 2);
}

function showSignedIn({ account }: Me): void {
  leaving = false;
  element("name").textContent = account.name;
  element("notice").hidden = true;
  show("signed-in");
  void listSessions();
}

function showSignedOut(signedOut: SignedOut | undefined): void {
  forget();
  if (signedOut?.reason === "here") {
    leaving = true;
    sessionStorage.setItem(signedOutHere, "yes");
    return;
  }
  if (signedOut !== undefined) notice("You have been signed out", reasons[signedOut.reason] ?? signedOut.reason);
  else if (wasHere()) notice("You signed out", "");
  element("cookies-blocked").hidden = keepsCookies();
  show("signed-out");
}

/** The sign-out led to the identity provider and back, to a page that was loaded anew. */
function wasHere(): boolean {
  try {
    const found = sessionStorage.getItem(signedOutHere);
    if (!leaving) sessionStorage.removeItem(signedOutHere);
    return found !== null;
  } catch {
    return false;
  }
}

function keepsCookies(): boolean {
  try {
    document.cookie = "probe=1; path=/";
    const isKept = document.cookie.includes("probe=1");
    document.cookie = "probe=1; path=/; max-age=0";
    return isKept && navigator.cookieEnabled;
  } catch {
    return false;
  }
}

async function listSessions(): Promise<void> {
  element("sessions").replaceChildren(...(await sessions()).map(rowOf));
}

function rowOf(session: ListedSession): HTMLElement {
  const row = document.createElement("li");
  const sign = document.createElement(session.current ? "span" : "button");
  sign.textContent = session.current ? "This browser" : `Sign out ${session.userAgent}`;
  if (!session.current) sign.addEventListener("click", () => void end(session));
  row.append(session.userAgent, sign);
  return row;
}

async function end({ id, userAgent }: ListedSession): Promise<void> {
  await endSession(id);
  element("ended").textContent = `You signed out ${userAgent}`;
  await listSessions();
}

function notice(title: string, text: string): void {
  element("notice-title").textContent = title;
  element("notice-text").textContent = text;
  element("notice").hidden = false;
}

function show(state: "loading" | "signed-in" | "signed-out"): void {
  document.documentElement.dataset["state"] = state;
  for (const id of ["signed-in", "signed-out"]) element(id).hidden = id !== state;
}

/** Takes down all that is somebody's. */
function forget(): void {
  show("loading");
  for (const id of ["name", "answer", "ended"]) element(id).textContent = "";
  element("sessions").replaceChildren();
}
