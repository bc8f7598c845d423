import type { ProblemCode } from "../core/errors.ts";

export interface Link {
  readonly href: string;
  readonly text: string;
}

/** What an error page says below the problem's title: what it means, and what the person can do. */
export interface Advice {
  /** If missing, the page shows the error's own detail. */
  readonly text?: string;
  /** Where to go next, the best choice first. */
  readonly links: readonly Link[];
}

const home: Link = { href: "/", text: "Back to the app" };
const tryAgain: Link = { href: "/", text: "Try again" };
const signIn: Link = { href: "/auth/login", text: "Sign in" };
const signInAgain: Link = { href: "/auth/login", text: "Sign in again" };
const signOutAgain: Link = { href: "/auth/logout", text: "Sign out again" };
const otherAccount: Link = { href: "/auth/login?prompt=select_account", text: "Use another account" };

const advice: Partial<Record<ProblemCode, Advice>> = {
  signin_cancelled: {
    text: "Nobody was signed in, and nothing was stored. You can sign in again at any time.",
    links: [signIn, home],
  },
  signin_unknown: {
    text: "A sign-in works only once, within 15 minutes, and in the browser that began it. If you came here by the Back button, a bookmark or a link, go to the app instead.",
    links: [home, signInAgain],
  },
  cookies_blocked: {
    text: "Signing in needs a cookie, and your browser did not keep the one that this page set. Allow cookies for this site in the browser’s settings, then sign in again.",
    links: [signInAgain, home],
  },
  signin_refused: {
    text: "Your account was not signed in. Try once more. If it happens again, give your support the time and the reference below.",
    links: [signInAgain, home],
  },
  signin_invalid: {
    text: "The answer to your sign-in could not be verified, so nobody was signed in. Try once more. If it happens again, give your support the reference below.",
    links: [signInAgain, home],
  },
  signin_signed_out: {
    text: "While you were signing in, your account was signed out elsewhere. Sign in again if you want to continue.",
    links: [signInAgain, home],
  },
  admin_consent_required: {
    text: "The app asks for permissions that only an administrator of your organization can grant. Ask your administrator to approve the app, then sign in again.",
    links: [signInAgain, otherAccount],
  },
  account_not_assigned: {
    text: "Your organization lets only some of its people use this app. Ask your administrator to assign your account to it, or use another account.",
    links: [otherAccount, home],
  },
  role_required: {
    text: "Your account has no role that allows this. If it was given one just now, sign in again; otherwise ask your administrator.",
    links: [home, signInAgain],
  },
  tenant_not_allowed: {
    text: "Only certain organizations may use this app, and your account does not belong to one of them. Use an account of such an organization, or ask the person who gave you the link.",
    links: [otherAccount, home],
  },
  clock_skew: {
    text: "Your sign-in was refused because the clock of this app’s server, or that of the identity provider, seems to be wrong. You cannot fix this yourself: please tell your support, with the reference below.",
    links: [home],
  },
  signin_required: {
    text: "This browser has no session, or its session has ended: you signed out here or elsewhere, or did not use it for a while.",
    links: [signIn, home],
  },
  app_refused: {
    text: "The identity provider does not accept this app at the moment. You cannot fix this yourself: please tell your support, with the reference below.",
    links: [home],
  },
  identity_provider_unavailable: {
    text: "The service that signs you in does not answer, or not in time. Wait a minute and try again. People who are signed in stay signed in.",
    links: [signInAgain, home],
  },
  store_unavailable: {
    text: "The app cannot reach the place where it keeps sessions. Nothing is lost. Wait a minute and try again.",
    links: [tryAgain],
  },
  session_too_large: {
    text: "The sign-in data of your account, such as its groups, is too large for this app to store. Trying again will not help: please tell your support, with the reference below.",
    links: [home],
  },
  store_contention: {
    text: "Your account is busy in too many places at once. Nothing is lost. Wait a moment and try again.",
    links: [tryAgain],
  },
  signout_failed: {
    text: "The app could reach neither the place where it keeps sessions nor the queue for waiting sign-outs. You may still be signed in. Wait a minute and sign out again.",
    links: [signOutAgain, home],
  },
  not_found: {
    text: "There is no page at this address. It may have moved, or the link may have been cut off.",
    links: [home],
  },
  navigation_required: {
    text: "This address begins a sign-in or a sign-out, and works only when you open it in a tab.",
    links: [home],
  },
  configuration_invalid: {
    text: "The app is not set up completely, so nobody can sign in. You cannot fix this yourself: please tell the people who run it, with the reference below. They find what is missing at /readyz.",
    links: [tryAgain],
  },
  cross_site_request: {
    text: "To protect your account, this can only be done from the app’s own pages. Go to the app and do it there.",
    links: [home, signIn],
  },
  api_signin_required: {
    text: "This page needs a service that you have to consent to first, or that asks you to confirm who you are.",
    links: [home],
  },
  api_not_permitted: {
    text: "You are signed in, but the identity provider does not let you use the service behind this page. Ask your administrator for access, and give them the reference below.",
    links: [home, otherAccount],
  },
  internal_error: {
    text: "It was not your fault. Wait a moment and try again. If it happens again, give your support the reference below.",
    links: [tryAgain],
  },
};

/** Where the person was going when the problem arose, and how. */
export interface Destination {
  /** A path of this app. */
  readonly to: string;
  /** By going there, by signing in, or by signing out. */
  readonly by: "going" | "signIn" | "signOut";
  /** The claims challenge to sign in with. */
  readonly claims?: string | undefined;
  /** The API that the sign-in has to name. */
  readonly api?: string | undefined;
}

/** The longest claims challenge, in characters, that a link carries. */
const maxClaimsInLink = 1_500;

/** @param destination where the links lead */
export function adviceFor(
  code: ProblemCode,
  destination: Destination,
  { basePath }: { readonly basePath: string },
): Advice {
  const { links, ...rest } = advice[code] ?? { links: [home] };
  return { ...rest, links: links.map((link) => ({ text: link.text, href: leadingTo(link, destination, basePath) })) };
}

function leadingTo(link: Link, { to, by, api, claims }: Destination, basePath: string): string {
  if (link === tryAgain && by === "going") return to;
  const step = link === tryAgain ? (by === "signIn" ? signIn : signOutAgain) : link;
  const { pathname, searchParams: query } = new URL(step.href, "http://app");
  if (pathname !== home.href && to !== `${basePath}/`) query.set("returnUrl", to);
  if (pathname === signIn.href) {
    if (api !== undefined) query.set("api", api);
    if (claims !== undefined && claims.length <= maxClaimsInLink) query.set("claims", claims);
  }
  const search = query.toString();
  return basePath + pathname + (search === "" ? "" : `?${search}`);
}
