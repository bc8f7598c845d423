import type { ProblemCode } from "../core/errors.ts";
import { advisedLinks, type AdvisedCode, type LinkName } from "../texts/advised-links.ts";
import type { Site } from "./page.ts";

export interface Link {
  readonly href: string;
  readonly text: string;
}

/** What an error page says below the problem's title: what it means, and what the person can do. */
export interface Advice {
  /** If missing, the page shows the error's own detail. */
  readonly text: string | undefined;
  /** Where to go next, the best choice first. */
  readonly links: readonly Link[];
}

const targets: Readonly<Record<LinkName, string>> = {
  home: "/",
  tryAgain: "/",
  signIn: "/auth/login",
  signInAgain: "/auth/login",
  signOutAgain: "/auth/logout",
  otherAccount: "/auth/login?prompt=select_account",
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
export const maxClaimsInLink = 1_500;

/** @param destination where the links lead */
export function adviceFor(
  code: ProblemCode,
  destination: Destination,
  { basePath, texts }: Omit<Site, "appName">,
): Advice {
  const links: readonly LinkName[] = isAdvised(code) ? advisedLinks[code] : ["home"];
  return {
    text: isAdvised(code) ? texts.advice[code] : undefined,
    links: links.map((name) => ({ text: texts.links[name], href: leadingTo(name, destination, basePath) })),
  };
}

function isAdvised(code: ProblemCode): code is AdvisedCode {
  return Object.hasOwn(advisedLinks, code);
}

function leadingTo(name: LinkName, { to, by, api, claims }: Destination, basePath: string): string {
  if (name === "tryAgain" && by === "going") return to;
  const step = name === "tryAgain" ? (by === "signIn" ? "signIn" : "signOutAgain") : name;
  const { pathname, searchParams: query } = new URL(targets[step], "http://app");
  if (pathname !== targets.home && to !== `${basePath}/`) query.set("returnUrl", to);
  if (pathname === targets.signIn) {
    if (api !== undefined) query.set("api", api);
    if (claims !== undefined && claims.length <= maxClaimsInLink) query.set("claims", claims);
  }
  const search = query.toString();
  return basePath + pathname + (search === "" ? "" : `?${search}`);
}
