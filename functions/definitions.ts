/** Every function over HTTP: one line each. */
export { api } from "./api.ts";
export { backChannelLogout } from "./back-channel-logout.ts";
export { callback } from "./callback.ts";
export { callbackForm } from "./callback-form.ts";
export { cookieCheck } from "./cookie-check.ts";
export { frontChannelLogout } from "./front-channel-logout.ts";
export { healthz, readyz } from "./health.ts";
export { login } from "./login.ts";
export { logout, logoutConfirmation } from "./logout.ts";
export { me } from "./me.ts";
export { notBefore, servicesNotBefore } from "./not-before.ts";
export { notFound } from "./not-found.ts";
export { purge } from "./purge.ts";
export { endSession, endSessions, sessions } from "./sessions.ts";
export { signedOut } from "./signed-out.ts";
export { accountSessions, endAccountSession, endAccountSessions, eraseAccountRecords } from "./support.ts";
export { index, pageAssets } from "./web.ts";
