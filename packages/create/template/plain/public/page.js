import { login, logout, me, onSignedOut, request } from "/assets/auth.js";

const find = (id) => document.querySelector(`#${id}`);

function show(greeting, isSignedIn) {
  find("greeting").textContent = greeting;
  find("sign-in").hidden = isSignedIn;
  find("sign-out").hidden = !isSignedIn;
}

find("sign-in").addEventListener("click", () => login());
find("sign-out").addEventListener("click", () => logout());
onSignedOut(() => show("You have been signed out.", false));

if ((await me()) === undefined) {
  show("You are not signed in.", false);
} else {
  const { displayName } = await (await request("/me/profile")).json();
  show(`Hello, ${displayName}.`, true);
}
