/** Bytes that Kestrel takes of a request's body, as the real host sets it. */
const usualBytes = 104_857_600;

/** How many bytes a request's body may have: `FUNCTIONS_REQUEST_BODY_SIZE_LIMIT`, of which the real host ignores what is no number. */
export function bodyLimit(env: NodeJS.ProcessEnv): number {
  const given = env["FUNCTIONS_REQUEST_BODY_SIZE_LIMIT"] ?? "";
  return /^\s*\d+\s*$/.test(given) ? Number(given) : usualBytes;
}
