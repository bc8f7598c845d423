import type { PermissionScope, ServicePrincipal } from "./types.ts";

/** Application id of Microsoft Graph, in every tenant and cloud. */
export const graphAppId = "00000003-0000-0000-c000-000000000000";

/** Microsoft Graph as every tenant has it, with some of its delegated permissions and their published ids. */
export const graphServicePrincipal: Partial<ServicePrincipal> = {
  appId: graphAppId,
  displayName: "Microsoft Graph",
  appOwnerOrganizationId: "f8cdef31-a31e-4b4a-93e4-5f571e91255a",
  servicePrincipalNames: [
    graphAppId,
    "https://graph.microsoft.com",
    "https://graph.microsoft.com/",
    "graph.microsoft.com",
  ],
  oauth2PermissionScopes: [
    scope("User.Read", "e1fe6dd8-ba31-4d61-89e7-88639da4683d"),
    scope("openid", "37f7f235-527c-4136-accd-4a02d197296e"),
    scope("profile", "14dad69e-099b-42c9-810b-d002981feec1"),
    scope("email", "64a6cdd6-aab1-4aaf-94b8-3cc8405e90d0"),
    scope("offline_access", "7427e0e9-2fba-42fe-b0c0-848c9e6a8182"),
    scope("Mail.Read", "570282fd-fa5c-430d-a7fd-fc8dc98a9dca"),
    scope("Calendars.Read", "465a38f9-76ea-45b9-9f34-9e8b0d4b0b42"),
    scope("Directory.Read.All", "06da0dbc-49e2-44d2-8312-53f166ab848a", "Admin"),
  ],
};

function scope(value: string, id: string, type: "User" | "Admin" = "User"): PermissionScope {
  return { id, value, type, isEnabled: true };
}
