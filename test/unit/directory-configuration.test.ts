import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ConfigurationError } from "../../shared/configuration/configuration.ts";
import { configuration, tenantId } from "./support/environment.ts";

const on = { Directory__Notifications: "true" };
const other = "7d2e4c60-0000-4000-8000-000000000000";
const problemsOf = (changes: Readonly<Record<string, string>>) => {
  try {
    configuration(changes);
    return [];
  } catch (error) {
    return error instanceof ConfigurationError ? error.problems.map(({ setting }) => setting) : [error];
  }
};

describe("the directory in the settings", () => {
  test("ends no sessions unless it is turned on", () => {
    assert.equal(configuration().directory, undefined);
    assert.equal(configuration({ Directory__TenantId: tenantId }).directory, undefined);
  });

  for (const [instance, graphUrl] of [
    ["https://login.microsoftonline.com/", "https://graph.microsoft.com"],
    ["https://login.microsoftonline.us/", "https://graph.microsoft.us"],
    ["https://login.partner.microsoftonline.cn/", "https://microsoftgraph.chinacloudapi.cn"],
    ["https://login.sovcloud-identity.fr/", "https://graph.svc.sovcloud.fr"],
  ] as const) {
    test(`is asked at the Microsoft Graph of its cloud: ${instance}`, () => {
      const { directory } = configuration({
        ...on,
        AzureAd__Instance: instance,
        DownstreamApis__graph__BaseUrl: "none",
      });
      assert.deepEqual([directory?.graphUrl, directory?.tenantId], [graphUrl, tenantId]);
    });
  }

  test("may have another Microsoft Graph, such as that of the Department of Defense", () => {
    const { directory } = configuration({ ...on, Directory__GraphUrl: "https://dod-graph.microsoft.us/" });
    assert.equal(directory?.graphUrl, "https://dod-graph.microsoft.us");
  });

  test("is that of the tenant whose GUID is known, and has to be named where it is not", () => {
    const changes = { ...on, AzureAd__TenantId: "organizations" };
    assert.deepEqual(problemsOf(changes), ["Directory__TenantId"]);
    assert.equal(configuration({ ...changes, Directory__TenantId: other }).directory?.tenantId, other);
    assert.deepEqual(problemsOf({ ...on, Directory__TenantId: other }), ["Directory__TenantId"]);
  });
});
