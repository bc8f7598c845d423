import { ProblemError } from "../shared/core/errors.ts";
import type { FunctionDefinition } from "../shared/pipeline/handler.ts";

/**
 * Every address that nothing else answers: the Functions host's own answer is an empty page. Hosts try a catch-all last, or go by
 * the functions' names: hence this one. The host's own routes, `admin` and `runtime`, come before all functions.
 */
export const notFound: FunctionDefinition = {
  name: "zzz-not-found",
  route: "{*path}",
  methods: ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"],
  isStep: true,
  async handler() {
    throw new ProblemError("not_found", "There is nothing at this address for this method.");
  },
};
