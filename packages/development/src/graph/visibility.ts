/** Eventual consistency: what was just created is not found by the first requests that look for it. */
export interface Visibility {
  /** Objects created from now on are not found by the next `requests` that look for them. */
  lag(requests: number): void;
  created(id: string): void;
  /** Whether this request finds the object. Counts as one that looked for it. */
  finds(id: string): boolean;
}

export function createVisibility(): Visibility {
  const hidden = new Map<string, number>();
  let current = 0;
  return {
    lag: (requests) => {
      current = requests;
    },
    created: (id) => void hidden.set(id, current),
    finds: (id) => {
      const left = hidden.get(id) ?? 0;
      hidden.set(id, left - 1);
      return left <= 0;
    },
  };
}
