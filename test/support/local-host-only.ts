import { hostCommand } from "@entra-functions-bff/functions-host/instance";

/**
 * For a test that is about the local functions host itself: its own lines in the log, say. With `HOST_UNDER_TEST` it is
 * skipped, and the report says so under the test's name.
 */
export const localHostOnly = {
  skip: hostCommand === undefined ? false : "it is about the local functions host, and HOST_UNDER_TEST names another",
} as const;
