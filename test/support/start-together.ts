/** What a test starts and has to stop: a world, a browser, a site. */
export interface Part {
  stop(): Promise<unknown>;
}

/**
 * Starts parts side by side. If one of them does not start, the others are stopped: what goes on running keeps the test's
 * process, which has nobody left to stop it, from ending.
 */
export async function startTogether<T extends readonly Part[]>(
  ...starting: { readonly [K in keyof T]: Promise<T[K]> }
): Promise<T> {
  const settled = await Promise.allSettled(starting);
  const failed = settled.find(({ status }) => status === "rejected");
  if (!failed) return Promise.all(starting) as Promise<unknown> as Promise<T>;
  await Promise.all(settled.map(async (each) => each.status === "fulfilled" && each.value.stop()));
  throw (failed as PromiseRejectedResult).reason;
}
