import type { App, Invocation } from "../app/app.ts";
import type { DirectoryConfiguration } from "../configuration/directory.ts";
import { isRecord } from "../core/encoding.ts";
import { messageOf } from "../queue/message.ts";
import { askGraph } from "./graph.ts";
import { endByDirectory, signedInAccount } from "./end-sessions.ts";
import { GraphError } from "./errors.ts";
import { decidingProperties, verdictOnAnswer } from "./verdict.ts";

/** What waits in the queue: users that have changed, or something to do about the subscription. */
export type DirectoryWork =
  { readonly users: readonly string[] } | { readonly subscription: "renew" | "renew and compare" };

/** An attempt checks all of them in time, also if Microsoft Graph takes three seconds for each answer. */
const usersInMessage = 100;

/** The texts of the messages for work that has come in. */
export function messagesFor(
  users: readonly string[],
  subscription: "renew" | "renew and compare" | undefined,
): string[] {
  const count = Math.ceil(users.length / usersInMessage);
  const parts = Array.from({ length: count }, (_, index) =>
    users.slice(index * usersInMessage, (index + 1) * usersInMessage),
  );
  const work: DirectoryWork[] = [
    ...parts.map((each) => ({ users: each })),
    ...(subscription ? [{ subscription }] : []),
  ];
  return work.map(messageOf);
}

/** Whether `value`, as read from the queue, is work for this version. */
export function isDirectoryWork(value: unknown): value is DirectoryWork {
  if (!isRecord(value)) return false;
  const { users, subscription } = value;
  if (Array.isArray(users)) return users.every((user) => typeof user === "string");
  return subscription === "renew" || subscription === "renew and compare";
}

/** The number of users that are checked side by side. */
const atOnce = 8;

/**
 * Ends what the changes of these users end. Most users have no session here: two point reads tell, and Microsoft Graph is not asked.
 * A useless answer about one user does not keep the others from being checked.
 * @throws {GraphError} when Microsoft Graph did not answer about all of them
 */
export async function checkUsers(
  app: App,
  directory: DirectoryConfiguration,
  users: readonly string[],
  invocation: Invocation,
): Promise<void> {
  const useless: GraphError[] = [];
  await inGroups(users, atOnce, async (user) => {
    try {
      await checkUser(app, directory, user, invocation);
    } catch (error) {
      if (!isAboutUser(error)) throw error;
      useless.push(error);
    }
  });
  if (useless[0]) throw useless[0];
}

async function checkUser(
  app: App,
  directory: DirectoryConfiguration,
  user: string,
  invocation: Invocation,
): Promise<void> {
  const held = await signedInAccount(app, directory, user, invocation);
  if (!held) return;
  const target = `users/${encodeURIComponent(user)}?$select=${decidingProperties}`;
  const answer = await askGraph(app, directory, { method: "GET", target }, invocation.signal);
  await endByDirectory(app, held, verdictOnAnswer(answer), invocation);
}

/** Microsoft Graph is there, but what it says about this user is of no use. */
function isAboutUser(error: unknown): error is GraphError {
  return error instanceof GraphError && ["400", "404", "unreadable"].includes(error.reason);
}

/** Does `work` for each member, `size` at a time. If one fails, its group is still finished, and then this throws. */
export async function inGroups<T>(
  members: readonly T[],
  size: number,
  work: (member: T) => Promise<void>,
): Promise<void> {
  for (let start = 0; start < members.length; start += size) {
    const results = await Promise.allSettled(members.slice(start, start + size).map(work));
    for (const result of results) if (result.status === "rejected") throw result.reason;
  }
}
