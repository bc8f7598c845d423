import type { SessionClaims } from "../identity/session-claims.ts";
import type { SignOutOrigin } from "./sign-out-origins.ts";

/** A person who has just signed in. */
export interface SignedInPerson {
  /** Stands for the account, as a hash: the same at each of its sign-ins and sign-outs. */
  readonly account: string;
  /** Stands for the new session, as in the list of `/auth/sessions`. */
  readonly session: string;
  readonly claims: SessionClaims;
}

/** An account of which a sign-out has ended sessions. Nothing more is known of it: what a session holds opens only with its cookie. */
export interface SignedOutAccount {
  readonly account: string;
  /** The sessions that have ended. Empty if an earlier attempt at this sign-out had ended them, and did not come to say so. */
  readonly sessions: readonly string[];
  /** Whether the account is signed in nowhere any more. */
  readonly isLast: boolean;
  /** Where the sign-out began: `front_channel` for the Logout URL, for example. */
  readonly origin: SignOutOrigin;
}

/** What a hook works with. */
export interface HookContext {
  /** Aborts after 2 s, or when the request's time is up. Nothing waits for the hook any longer then. */
  readonly signal: AbortSignal;
}

/** What an app does when people sign in and out. */
export interface Hooks {
  readonly onSignedIn?: ((person: SignedInPerson, context: HookContext) => void | Promise<void>) | undefined;
  readonly onSignedOut?: ((account: SignedOutAccount, context: HookContext) => void | Promise<void>) | undefined;
}
