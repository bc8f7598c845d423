/** How the program ends. */
export const exitCodes = {
  stopped: 0,
  /** It could not start, or the app crashed. */
  failed: 1,
  usage: 2,
  /** A queue cannot be read for a reason that ends the whole host in Azure. */
  hostEnded: 3,
} as const;
