import type { App, Invocation } from "../app/app.ts";
import type { DirectoryConfiguration } from "../configuration/directory.ts";
import { isRecord } from "../core/encoding.ts";
import { messageOf } from "../queue/message.ts";
import { askGraph } from "./graph.ts";
import { endByDirectory, heldAccount } from "./end-sessions.ts";
import { decisive, verdictOf } from "./verdict.ts";

/** What waits in the queue: users that have changed, or something to do about the subscription. */
export type DirectoryWork =
  { readonly users: readonly string[] } | { readonly subscription: "renew" | "renew and compare" };

/** As many ids as one message has room for: 64 KiB of base64, 39 bytes each. */
const usersInMessage = 1_000;

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

/** The number of users that are looked at side by side. */
const atOnce = 8;

/** Looks at users that have changed. Most have no session here: then it costs a point read, and nobody else is asked. */
export async function lookAtUsers(
  app: App,
  directory: DirectoryConfiguration,
  users: readonly string[],
  invocation: Invocation,
): Promise<void> {
  await inGroups(users, atOnce, async (user) => {
    const held = await heldAccount(app, directory, user, invocation);
    if (!held) return;
    const target = `users/${encodeURIComponent(user)}?$select=${decisive}`;
    const answer = await askGraph(app, directory, { method: "GET", target }, invocation.signal);
    await endByDirectory(app, held, verdictOf(answer), invocation);
  });
}

/** Does `work` for each member, some at a time. If any fails, the others of its group are done all the same, and then it throws. */
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
