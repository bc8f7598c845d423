import type { ProblemCode } from "../core/errors.ts";

/** Where an error page can lead. */
export type LinkName = "home" | "tryAgain" | "signIn" | "signInAgain" | "signOutAgain" | "otherAccount";

/** The links of each problem that people may run into, the best choice first. Any other problem's page leads to the app's start. */
export const advisedLinks = {
  signin_cancelled: ["signIn", "home"],
  signin_unknown: ["home", "signInAgain"],
  cookies_blocked: ["signInAgain", "home"],
  signin_refused: ["signInAgain", "home"],
  signin_invalid: ["signInAgain", "home"],
  signin_signed_out: ["signInAgain", "home"],
  admin_consent_required: ["signInAgain", "otherAccount"],
  account_not_assigned: ["otherAccount", "home"],
  role_required: ["home", "signInAgain"],
  tenant_not_allowed: ["otherAccount", "home"],
  clock_skew: ["home"],
  signin_required: ["signIn", "home"],
  app_refused: ["home"],
  identity_provider_unavailable: ["signInAgain", "home"],
  store_unavailable: ["tryAgain"],
  session_too_large: ["home"],
  store_contention: ["tryAgain"],
  signout_failed: ["signOutAgain", "home"],
  not_found: ["home"],
  navigation_required: ["home"],
  configuration_invalid: ["tryAgain"],
  cross_site_request: ["home", "signIn"],
  api_signin_required: ["home"],
  api_not_permitted: ["home", "otherAccount"],
  internal_error: ["tryAgain"],
  signout_deferred: ["home"],
  app_incomplete: ["tryAgain"],
  api_unavailable: ["tryAgain", "home"],
  api_timeout: ["tryAgain", "home"],
  api_down: ["tryAgain", "home"],
} as const satisfies Partial<Record<ProblemCode, readonly LinkName[]>>;

/** A problem that the pages' texts say what to do about. For any other, a page shows the error's own detail. */
export type AdvisedCode = keyof typeof advisedLinks;
