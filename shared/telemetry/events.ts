/** Event names are part of the interface for operators. */
export type EventName =
  | "configuration_invalid"
  | "credential_expires_soon"
  | "session_opened"
  | "signin_cleanup_failed"
  | "signout"
  | "signout_deferred"
  | "signout_not_queued"
  | "signout_abandoned"
  | "signout_unreadable"
  | "signout_queue_unavailable"
  | "token_renewed"
  | "token_refused"
  | "token_of_other_account"
  | "session_not_revalidated"
  | "app_called"
  | "not_before_changed"
  | "scope_missing"
  | "sid_missing"
  | "login_hint_missing"
  | "hook_failed"
  | "directory_subscribed"
  | "directory_lifecycle"
  | "directory_forged"
  | "directory_compared"
  | "directory_failed"
  | "directory_abandoned"
  | "request_failed"
  | "request_refused";

/** Counts, codes, outcomes and durations only: never a token, a cookie, a name or other personal data. */
export type EventAttributes = Readonly<Record<string, string | number | boolean>>;
