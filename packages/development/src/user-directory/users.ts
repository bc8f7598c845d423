/** https://learn.microsoft.com/graph/api/resources/user, as far as this directory keeps it. */
export interface User {
  readonly id: string;
  readonly displayName: string;
  readonly accountEnabled: boolean;
  readonly signInSessionsValidFromDateTime: string;
}

/** A change of the directory: a user as they are since, or how they were removed. */
export interface Change {
  readonly id: string;
  /** "changed": deleted, and can be restored for 30 days. "deleted": for good. */
  readonly removed?: "changed" | "deleted";
}

/** The users of one tenant, and what has become of them, in order. */
export interface Users {
  readonly all: ReadonlyMap<string, User>;
  readonly changes: readonly Change[];
  put(user: User): void;
  change(id: string, changes: Partial<Omit<User, "id">>): void;
  remove(id: string, how: "changed" | "deleted"): void;
  /** Called after each change, but not for users that are new. */
  onChange: (change: Change) => void;
}

export function createUsers(): Users {
  const all = new Map<string, User>();
  const changes: Change[] = [];
  const noted = (change: Change) => {
    changes.push(change);
    users.onChange(change);
  };
  const users: Users = {
    all,
    changes,
    onChange: () => undefined,
    put: (user) => void all.set(user.id, user),
    change(id, given) {
      const user = all.get(id);
      if (!user) throw new Error(`There is no user ${id}`);
      all.set(id, { ...user, ...given });
      noted({ id });
    },
    remove(id, removed) {
      all.delete(id);
      noted({ id, removed });
    },
  };
  return users;
}
