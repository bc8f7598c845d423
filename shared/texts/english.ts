import { problemTypes, type ProblemCode } from "../core/errors.ts";
import type { Texts } from "./texts.ts";

export const english: Texts = {
  language: "en",
  titles: titlesOfProblems(),
  advice: {
    signin_cancelled: "Nobody was signed in, and nothing was stored. You can sign in again at any time.",
    signin_unknown:
      "A sign-in works only once, within 15 minutes, and in the browser that began it. If you came here by the Back button, a bookmark or a link, go to the app instead.",
    cookies_blocked:
      "Signing in needs a cookie, and your browser did not keep the one that this page set. Allow cookies for this site in the browser’s settings, then sign in again.",
    signin_refused:
      "Your account was not signed in. Try once more. If it happens again, give your support the time and the reference below.",
    signin_invalid:
      "The answer to your sign-in could not be verified, so nobody was signed in. Try once more. If it happens again, give your support the reference below.",
    signin_signed_out:
      "While you were signing in, your account was signed out elsewhere. Sign in again if you want to continue.",
    admin_consent_required:
      "The app asks for permissions that only an administrator of your organization can grant. Ask your administrator to approve the app, then sign in again.",
    account_not_assigned:
      "Your organization lets only some of its people use this app. Ask your administrator to assign your account to it, or use another account.",
    role_required:
      "Your account has no role that allows this. If it was given one just now, sign in again; otherwise ask your administrator.",
    tenant_not_allowed:
      "Only certain organizations may use this app, and your account does not belong to one of them. Use an account of such an organization, or ask the person who gave you the link.",
    clock_skew:
      "Your sign-in was refused because the clock of this app’s server, or that of the identity provider, seems to be wrong. You cannot fix this yourself: please tell your support, with the reference below.",
    signin_required:
      "This browser has no session, or its session has ended: you signed out here or elsewhere, or did not use it for a while.",
    app_refused:
      "The identity provider does not accept this app at the moment. You cannot fix this yourself: please tell your support, with the reference below.",
    identity_provider_unavailable:
      "The service that signs you in does not answer, or not in time. Wait a minute and try again. People who are signed in stay signed in.",
    store_unavailable:
      "The app cannot reach the place where it keeps sessions. Nothing is lost. Wait a minute and try again.",
    session_too_large:
      "The sign-in data of your account, such as its groups, is too large for this app to store. Trying again will not help: please tell your support, with the reference below.",
    store_contention: "Your account is busy in too many places at once. Nothing is lost. Wait a moment and try again.",
    signout_failed:
      "The app could reach neither the place where it keeps sessions nor the queue for waiting sign-outs. You may still be signed in. Wait a minute and sign out again.",
    not_found: "There is no page at this address. It may have moved, or the link may have been cut off.",
    navigation_required: "This address begins a sign-in or a sign-out, and works only when you open it in a tab.",
    configuration_invalid:
      "The app is not set up completely, so nobody can sign in. You cannot fix this yourself: please tell the people who run it, with the reference below. They find what is missing at /readyz.",
    cross_site_request:
      "To protect your account, this can only be done from the app’s own pages. Go to the app and do it there.",
    api_signin_required:
      "This page needs a service that you have to consent to first, or that asks you to confirm who you are.",
    api_not_permitted:
      "You are signed in, but the identity provider does not let you use the service behind this page. Ask your administrator for access, and give them the reference below.",
    internal_error:
      "It was not your fault. Wait a moment and try again. If it happens again, give your support the reference below.",
    signout_deferred:
      "The place where the app keeps sessions could not be reached. Your sign-out will be finished as soon as it can be, without you.",
    app_incomplete:
      "The app was not published completely. You cannot fix this yourself: please tell the people who run it, with the reference below.",
    api_unavailable: "A service behind this page could not be reached. Wait a moment and try again.",
    api_timeout: "A service behind this page takes too long to answer. Wait a moment and try again.",
    api_down: "A service behind this page has not answered for a while. Wait a minute and try again.",
  },
  links: {
    home: "Back to the app",
    tryAgain: "Try again",
    signIn: "Sign in",
    signInAgain: "Sign in again",
    signOutAgain: "Sign out again",
    otherAccount: "Use another account",
    goOn: "Continue",
  },
  reference: "Reference for support:",
  signOutQuestion: {
    title: "Sign out?",
    text: "You will be signed out of this app, and it deletes the tokens that it keeps for you.",
    signOut: "Sign out",
    stay: "Stay signed in",
  },
  signingIn: {
    title: "Signing in",
    text: "This page is for people who are signed in. Now you are being taken to the sign-in.",
  },
  signingOut: {
    title: "Signing out",
    text: "You are signed out of this app. Now you are being signed out at the identity provider.",
  },
  signedOut: {
    title: "You are signed out",
    text: "This browser has no session with this app, and the app keeps no tokens for it.",
    incomplete: "The identity provider could not be reached: you may still be signed in there.",
  },
  signedOutElsewhere: { title: "Signed out", text: "You are signed out of this app." },
};

/** The titles are also those of the problem details, which are always in English. */
function titlesOfProblems(): Texts["titles"] {
  const titles = Object.entries(problemTypes).map(([code, { title }]) => [code, title] as const);
  return Object.fromEntries(titles) as Record<ProblemCode, string>;
}
