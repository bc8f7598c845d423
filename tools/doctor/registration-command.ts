import { redirectUrisOf } from "../app-registration/plan-application.ts";

/** The command that changes the registration of a client id. */
export function commandFor({ clientId, baseUrl }: { readonly clientId: string; readonly baseUrl: string }): string {
  return `npm run app-registration -- --client-id ${clientId} --base-url ${baseUrl}`;
}

/** Where an administrator gets to who has consented. */
export function landingPageOf(baseUrl: string): string {
  return redirectUrisOf(baseUrl)[1] ?? baseUrl;
}
