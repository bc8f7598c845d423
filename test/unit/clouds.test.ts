import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ConfigurationError } from "../../shared/configuration/configuration.ts";
import { cloudOf, clouds } from "../../shared/configuration/clouds.ts";
import { resourcesOf } from "../../shared/configuration/scopes.ts";
import { configuration } from "./support/environment.ts";

/** What Microsoft publishes, written a second time so that nobody changes the table unawares. */
const published: readonly [authorityHost: string, graph: string][] = [
  ["login.microsoftonline.com", "https://graph.microsoft.com"],
  ["login.microsoftonline.us", "https://graph.microsoft.us"],
  ["login.partner.microsoftonline.cn", "https://microsoftgraph.chinacloudapi.cn"],
  ["login.chinacloudapi.cn", "https://microsoftgraph.chinacloudapi.cn"],
  ["login.sovcloud-identity.fr", "https://graph.svc.sovcloud.fr"],
  ["login.sovcloud-identity.de", "https://graph.svc.sovcloud.de"],
  ["login.sovcloud-identity.sg", "https://graph.svc.sovcloud.sg"],
  ["contoso.ciamlogin.com", "https://graph.microsoft.com"],
  ["login.contoso.example", "https://graph.microsoft.com"],
];

const instanceOf = (host: string) => ({ AzureAd__Instance: `https://${host}` });
const graphAt = (origin: string) => ({
  DownstreamApis__graph__BaseUrl: `${origin}/v1.0`,
  DownstreamApis__graph__Scopes: `${origin}/User.Read`,
});

function problemsOf(changes: Readonly<Record<string, string>>): string[] {
  try {
    configuration(changes);
  } catch (error) {
    if (error instanceof ConfigurationError)
      return error.problems.map(({ setting, problem }) => `${setting} ${problem}`);
  }
  return assert.fail("the configuration was accepted");
}

describe("the app of an authority calls Microsoft Graph of the same cloud", () => {
  for (const [host, graph] of published) {
    test(`${host}: ${graph}, without a setting`, () => {
      const api = configuration(instanceOf(host)).downstreamApis.get("graph");
      assert.deepEqual([api?.baseUrl, api?.scopes], [`${graph}/v1.0`, ["User.Read"]]);
    });
  }

  for (const cloud of clouds) {
    const [host] = cloud.authorityHosts;
    test(`${host}: not that of another cloud, which must not get its tokens`, () => {
      for (const origin of cloud.graphs) assert.ok(configuration({ ...instanceOf(host), ...graphAt(origin) }));
      for (const origin of clouds.filter((each) => each !== cloud).flatMap(({ graphs }) => graphs)) {
        assert.deepEqual(problemsOf({ ...instanceOf(host), ...graphAt(origin) }), [
          `DownstreamApis__graph__BaseUrl is Microsoft Graph of another cloud than AzureAd__Instance; there it is ${cloud.graphs.join(" or ")}`,
        ]);
      }
    });
  }

  test("whatever the API is called", () => {
    const [problem] = problemsOf({
      ...instanceOf("login.microsoftonline.us"),
      DownstreamApis__people__BaseUrl: "https://graph.microsoft.com/beta",
      DownstreamApis__people__Scopes: "User.Read",
    });
    assert.match(problem ?? "", /^DownstreamApis__people__BaseUrl is Microsoft Graph of another cloud/);
  });

  test("a stand-in or a custom domain may have Microsoft Graph of any cloud", () => {
    assert.ok(configuration({ ...instanceOf("login.contoso.example"), ...graphAt("https://graph.microsoft.us") }));
  });
});

test("a scope of Microsoft Graph has the same resource in every cloud, with its address or without", () => {
  const scopes = clouds.flatMap(({ graphs }) => graphs.map((graph) => `${graph}/User.Read`));
  assert.deepEqual(resourcesOf(["User.Read", ...scopes]), ["graph"]);
});

test("no host and no address is in two clouds", () => {
  const all = clouds.flatMap(({ authorityHosts, graphs }) => [...authorityHosts, ...graphs]);
  assert.equal(new Set(all).size, all.length);
  assert.equal(cloudOf("contoso.ciamlogin.com"), clouds[0]);
});

describe("Azure AD B2C is refused by its name", () => {
  for (const instance of [
    "https://contoso.b2clogin.com/",
    "https://contoso.b2clogin.com/tfp",
    "https://contoso.b2clogin.cn/contoso.onmicrosoft.cn/B2C_1_signin",
    "https://login.contoso.example/tfp/contoso.onmicrosoft.com/policy/",
    "https://login.contoso.example/contoso.onmicrosoft.com/b2c_1a_signin/",
  ]) {
    test(instance, () => {
      assert.deepEqual(problemsOf({ AzureAd__Instance: instance }), [
        "AzureAd__Instance is Azure AD B2C, which this app does not support; " +
          "use Microsoft Entra External ID (https://<name>.ciamlogin.com/), which replaces it",
      ]);
    });
  }
});
