import type { ProblemCode } from "../core/errors.ts";
import type { AdvisedCode, LinkName } from "./advised-links.ts";

/**
 * All texts of the pages that the app itself shows people, in one language. To change some, spread those that exist:
 * `{ ...german, links: { ...german.links, home: "Zur Startseite" } }`. A later version may have further texts, which come along
 * by spreading.
 */
export interface Texts {
  /** Language tag (RFC 5646) of the pages, such as `de` or `de-CH`. */
  readonly language: string;
  /** What has happened, by the code of the problem. */
  readonly titles: Readonly<Record<ProblemCode, string>>;
  /** What that means, and what the person can do. */
  readonly advice: Readonly<Record<AdvisedCode, string>>;
  /** Links and buttons. */
  readonly links: Readonly<Record<LinkName | "goOn", string>>;
  /** Before the reference by which support finds the occurrence in the log. */
  readonly reference: string;
  /** `GET /auth/logout`. */
  readonly signOutQuestion: PageTexts & { readonly signOut: string; readonly stay: string };
  /** On the way from a page of the app's own (`page: true`) to `/auth/login`. */
  readonly signingIn: PageTexts;
  /** On the way from `POST /auth/logout` to the identity provider. */
  readonly signingOut: PageTexts;
  /** `/auth/signed-out`. `incomplete`: the identity provider could not be reached. */
  readonly signedOut: PageTexts & { readonly incomplete: string };
  /** `/auth/frontchannel-logout`, which the identity provider shows in a hidden frame. */
  readonly signedOutElsewhere: PageTexts;
}

interface PageTexts {
  readonly title: string;
  readonly text: string;
}
