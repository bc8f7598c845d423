/** Where a sign-out began. */
export const origins = [
  "app",
  "front_channel",
  "back_channel",
  "sessions_page",
  "administrator",
  "directory",
  "replaced",
  "displaced",
  "token_refused",
  "not_before",
] as const;

export type SignOutOrigin = (typeof origins)[number];
