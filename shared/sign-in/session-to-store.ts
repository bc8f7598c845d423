import type { AddedSession } from "../account/fit-session.ts";
import type { Begun } from "../account/signed-out-since.ts";
import type { SignedIn } from "./sign-in.ts";

/** A session on its way into the document of its account, and what has to lead to it. */
export interface SessionToStore extends AddedSession, Begun {
  readonly accountKey: string;
  /** Id of the entry that is marked when the account itself is signed out. */
  readonly personKey: string;
  readonly subject: SignedIn["subject"];
}
