import type { Provider, Interaction, InteractionResults, KoaContextWithOIDC } from "oidc-provider";
import { matchesHint, stringParameter, tenantOfPath } from "./authorization-request.ts";
import { currentSession } from "./browser-session.ts";
import { errorPage } from "./pages/message-pages.ts";
import { accountPicker, consentPage } from "./pages/sign-in-pages.ts";
import { accountId, type Person } from "./people.ts";
import { findPerson, type Runtime } from "./runtime.ts";
import { isOwnForm, readForm, sendPage } from "./send-page.ts";
import { mayUse } from "./tenants.ts";

const withoutCookies =
  "Your browser keeps no cookies for this page, or this sign-in began in another browser. Allow cookies, go back to the app and start again.";
const signInOver = "This sign-in has expired or is already finished. Go back to the app and start again.";

/** Where the person is sent when an authorization request cannot be answered at once. */
export function signInPath(uid: string): string {
  return `/signin/${uid}`;
}

/** Serves the sign-in pages; returns false for any other path. */
export async function serveSignIn(provider: Provider, runtime: Runtime, ctx: KoaContextWithOIDC): Promise<boolean> {
  const uid = /^\/signin\/([\w-]+)$/.exec(ctx.path)?.[1];
  if (uid === undefined) return false;
  const interaction = await findInteraction(provider, ctx, uid);
  if (interaction === undefined) {
    sendPage(ctx, errorPage(ctx.get("cookie") === "" ? withoutCookies : signInOver), 400);
  } else if (ctx.method === "POST") {
    await handleChoice(provider, runtime, ctx, interaction);
  } else {
    await showSignIn(provider, runtime, ctx, interaction);
  }
  return true;
}

/** Only for the browser that started the sign-in: its cookie names the interaction. */
async function findInteraction(provider: Provider, ctx: KoaContextWithOIDC, uid: string) {
  if (ctx.cookies.get(provider.cookieName("interaction")) !== uid) return undefined;
  return provider.Interaction.find(uid);
}

async function showSignIn(provider: Provider, runtime: Runtime, ctx: KoaContextWithOIDC, interaction: Interaction) {
  const { params, prompt } = interaction;
  const appName = runtime.applications.find(stringParameter(params, "client_id") ?? "")?.name ?? "an app";
  const page = { appName, action: ctx.path, redirectUri: stringParameter(params, "redirect_uri") ?? "" };
  const session = await currentSession(provider, ctx);
  if (prompt.name === "consent") {
    const scopes = (stringParameter(params, "requested_scope") ?? "").split(" ").filter(Boolean);
    sendPage(ctx, consentPage({ ...page, scopes, person: findPerson(runtime, session?.accountId) }));
    return;
  }
  const people = eligiblePeople(runtime, interaction);
  const hinted = hintedPerson(runtime, interaction, people);
  if (hinted !== undefined) return signIn(provider, ctx, interaction, hinted);
  sendPage(ctx, accountPicker({ ...page, people, signedIn: session?.accountId }));
}

function eligiblePeople(runtime: Runtime, interaction: Interaction): readonly Person[] {
  const tenant = tenantOfPath(runtime, new URL(interaction.returnTo).pathname);
  return runtime.people.filter((person) => mayUse(tenant, person));
}

/** The person that `login_hint` names, unless the app asks for a choice. */
function hintedPerson(runtime: Runtime, interaction: Interaction, people: readonly Person[]): Person | undefined {
  const hint = stringParameter(interaction.params, "login_hint");
  const prompts = (stringParameter(interaction.params, "prompt") ?? "").split(" ");
  if (hint === undefined || prompts.includes("login") || prompts.includes("select_account")) return undefined;
  return people.find((person) => matchesHint(runtime, person, hint));
}

async function handleChoice(provider: Provider, runtime: Runtime, ctx: KoaContextWithOIDC, interaction: Interaction) {
  const form = isOwnForm(ctx, runtime.addresses.publicUrl) ? await readForm(ctx) : new URLSearchParams();
  const person = eligiblePeople(runtime, interaction).find((each) => accountId(each) === form.get("account"));
  if (form.get("cancel") !== null) {
    return finish(ctx, interaction, { error: "access_denied", error_description: "The person cancelled" });
  }
  if (form.get("consent") === "accept") return finish(ctx, interaction, { ...interaction.lastSubmission, consent: {} });
  if (person !== undefined) return signIn(provider, ctx, interaction, person);
  sendPage(ctx, errorPage("That choice is not available. Go back to the app and start again."), 400);
}

/** A person other than the one signed in gets a new session, with a new `sid`. */
async function signIn(provider: Provider, ctx: KoaContextWithOIDC, interaction: Interaction, person: Person) {
  const session = await currentSession(provider, ctx);
  if (session?.accountId !== undefined && session.accountId !== accountId(person)) await session.destroy();
  // Drops the session with which this interaction began, because it may just have ended, here or in another tab.
  interaction.session = undefined;
  const login = { accountId: accountId(person), remember: true };
  await finish(ctx, interaction, { ...interaction.lastSubmission, login, select_account: {} });
}

async function finish(ctx: KoaContextWithOIDC, interaction: Interaction, result: InteractionResults): Promise<void> {
  interaction.result = result;
  await interaction.persist();
  ctx.status = 303;
  ctx.redirect(interaction.returnTo);
}
