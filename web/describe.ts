import { ProblemError, UnreachableError } from "./auth.ts";
import type { ShownError } from "./view.ts";

/** An error in the words of the page, without a way to continue. */
export function describe(error: unknown): Omit<ShownError, "action" | "onAction"> {
  if (error instanceof ProblemError) {
    const { title, detail, code, status, instance } = error.problem;
    return {
      title,
      text: detail ?? "Try again in a moment.",
      code,
      status,
      reference: instance?.replace("urn:uuid:", ""),
    };
  }
  if (error instanceof UnreachableError) {
    return { title: "The server cannot be reached", text: "Check your connection and try again." };
  }
  return { title: "Something went wrong on this page", text: "Reload the page." };
}
