import { ProblemError } from "../shared/core/errors.ts";
import type { FunctionDefinition } from "../shared/pipeline/handler.ts";

/**
 * Answers every address that no other function answers; the Functions host's own answer would be an empty page. Some hosts try
 * a catch-all last, others go by the functions' names: hence this name. The host's own routes, `admin` and `runtime`, come
 * before all functions.
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
