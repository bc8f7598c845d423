import { ProblemError } from "../shared/core/errors.ts";
import { ownFile } from "./files.ts";
import type { FunctionDefinition } from "../shared/pipeline/handler.ts";

/**
 * Serves the app's own files, and answers every other address that no other function answers; the Functions host's own answer would be an empty page. Some hosts try
 * a catch-all last, others go by the functions' names: hence this name. The host's own routes, `admin` and `runtime`, come
 * before all functions.
 */
export const notFound: FunctionDefinition = {
  name: "zzz-not-found",
  route: "{*path}",
  methods: ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"],
  isStep: true,
  async handler(request, { app }) {
    const file = await ownFile(request, app);
    if (!file) throw new ProblemError("not_found", "There is nothing at this address for this method.");
    return file;
  },
};
