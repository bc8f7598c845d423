import { afterEach, beforeEach, describe, it } from "node:test";
import { graphAppId, startGraph, type Graph } from "@entra-functions-bff/development/graph";
import { cloudOf } from "../../shared/configuration/clouds.ts";
import { createGraphClient } from "../../tools/app-registration/graph-client.ts";
import type { ApiScopes } from "../../tools/doctor/checks/api-scopes.ts";
import { checkAccess } from "../../tools/doctor/checks/service-principal.ts";
import { assertFinding } from "./doctor-harness.ts";

const clientId = "a1b2c3d4-e5f6-4789-8abc-def012345678";
const tenant = "72f988bf-0000-4000-8000-2d7cd011db47";

/** An API called with the person's token. */
const api = (...scopes: string[]): ApiScopes => ({ name: "graph", scopes, appScope: undefined });

const getToken = async () => ({ token: "operator", expiresOnTimestamp: Date.now() + 3_600_000 });

describe("npm run doctor, at who may sign in and what the app may do for them", () => {
  let graph: Graph;
  beforeEach(async () => {
    graph = await startGraph({ port: 0, tenantId: tenant });
  });
  afterEach(() => graph.stop());

  function put(principal: Parameters<Graph["directory"]["putServicePrincipal"]>[0] = {}): string {
    return graph.directory.putServicePrincipal({ appId: clientId, displayName: "Portal", ...principal }).id;
  }

  function consent(to: string, scope: string, person?: string): void {
    const found = [...graph.directory.servicePrincipals.values()].find(({ appId }) => appId === graphAppId);
    graph.directory.grant({ clientId: to, resourceId: found?.id ?? "", scope }, person);
  }

  async function check(...apis: readonly ApiScopes[]) {
    const client = createGraphClient({ url: graph.url, credential: { getToken }, wait: async () => undefined });
    const cloud = cloudOf("login.microsoftonline.com");
    return checkAccess(client, { clientId, cloud, baseUrl: "https://app.example", tenant, apis });
  }

  describe("the service principal", () => {
    it("is there and enabled", async () => {
      put();
      assertFinding(await check(), "Service principal", "ok", /"Portal" is enabled/);
    });

    it("is missing", async () => {
      const says = /nobody can sign in\. npm run app-registration -- --client-id \S+ --base-url \S+ creates it/;
      assertFinding(await check(), "Service principal", "failed", says);
    });

    it("is disabled, by an administrator or by Microsoft", async () => {
      const id = put({ accountEnabled: false });
      assertFinding(await check(), "Service principal", "failed", /AADSTS7000112\. Under Enterprise applications/);
      put({ id, disabledByMicrosoftStatus: "DisabledDueToViolationOfServicesAgreement" });
      assertFinding(await check(), "Service principal", "failed", /Microsoft has disabled the app/);
    });

    it("may not be read", async () => {
      graph.controls.deny();
      assertFinding(await check(), "Service principal", "not checked", /Not allowed/);
    });
  });

  it("asks for an assignment, and tells whether anybody has one; a service does not count", async () => {
    const id = put({ appRoleAssignmentRequired: true });
    assertFinding(await check(), "Assignment", "failed", /nobody is assigned, so people see AADSTS50105\. Assign/);
    graph.directory.assign(id, "ServicePrincipal");
    assertFinding(await check(), "Assignment", "failed", /nobody is assigned/);
    // So many that the group is on the third page.
    for (let index = 0; index < 200; index++) graph.directory.assign(id, "ServicePrincipal");
    graph.directory.assign(id, "Group");
    assertFinding(await check(), "Assignment", "ok", /people or groups are assigned/);
  });

  describe("scopes", () => {
    const label = "API graph: scopes";

    it("are fine when an administrator has consented to all of them; those of the sign-in do not count", async () => {
      consent(put(), " User.Read Mail.Read");
      assertFinding(
        await check(api("User.Read", "Mail.Read", "openid", "offline_access")),
        label,
        "ok",
        /has consented/,
      );
    });

    it("that nobody has consented to are told, with the address for it", async () => {
      put();
      const says = /people are asked, if .*\. An administrator consents at https:\/\/login\.microsoftonline\.com\/\S+/;
      assertFinding(await check(api("User.Read")), label, "warning", says);
    });

    it("that people have consented to themselves are fine", async () => {
      consent(put(), "User.Read", "somebody");
      assertFinding(await check(api("User.Read")), label, "ok", /people have consented to Microsoft Graph User\.Read/);
    });

    it("are fine, however many people consented before an administrator did", async () => {
      const id = put();
      for (let index = 0; index < 200; index++) consent(id, "User.Read", `person ${index}`);
      consent(id, "User.Read");
      assertFinding(await check(api("User.Read")), label, "ok", /an administrator has consented/);
    });

    it("are not looked for at an address of another server", async () => {
      put();
      const body = { value: [], "@odata.nextLink": "https://graph.example/v1.0/more" };
      graph.controls.failNext({ path: /oauth2PermissionGrants/ }, { type: "status", status: 200, body });
      assertFinding(await check(api("User.Read")), "Service principal", "not checked", /continues a list at another/);
    });

    it("that only an administrator can consent to", async () => {
      consent(put(), "User.Read Directory.Read.All", "somebody");
      const says = /an administrator has to consent to Microsoft Graph Directory\.Read\.All\. An administrator/;
      assertFinding(await check(api("User.Read", "Directory.Read.All")), label, "failed", says);
    });

    it("need an administrator's consent where assignment is required", async () => {
      graph.directory.assign(put({ appRoleAssignmentRequired: true }), "User");
      assertFinding(await check(api("User.Read")), label, "failed", /User\.Read, because assignment is required/);
    });

    it("that their API does not have", async () => {
      put();
      const says =
        /no delegated permission "user\.read"\. Did you mean "User\.Read"\? Correct DownstreamApis__graph__Scopes/;
      assertFinding(await check(api("user.read")), label, "failed", says);
    });

    it("of an API that the tenant does not have, by name or as a whole", async () => {
      put();
      const says = /There is no API "api:\/\/orders" in this tenant\./;
      assertFinding(await check(api("api://orders/Orders.Read")), label, "failed", says);
      assertFinding(
        await check({ name: "graph", scopes: [], appScope: "api://orders/.default" }),
        label,
        "failed",
        says,
      );
    });

    it("of the app's own token name an API", async () => {
      put();
      const own = { name: "graph", scopes: [], appScope: `${graphAppId}/.default` };
      assertFinding(await check(own), label, "ok", /of Microsoft Graph/);
    });

    it("are not called fine if consent may not be read", async () => {
      put();
      graph.controls.deny({ path: /oauth2PermissionGrants/ });
      assertFinding(await check(api("User.Read")), label, "not checked", /may not read who has consented/);
    });
  });
});
