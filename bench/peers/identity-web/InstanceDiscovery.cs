using System.Net;
using System.Text;
using System.Web;

namespace IdentityWebPeer;

/// <summary>
/// MSAL asks login.microsoftonline.com about every authority that it does not know. Here, the answer for the local identity
/// provider is given in the process, as the real one gives it for its own hosts.
/// </summary>
public sealed class InstanceDiscovery : DelegatingHandler
{
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken token)
    {
        if (request.RequestUri is not { Host: "login.microsoftonline.com" } asked) return await base.SendAsync(request, token);
        var authority = HttpUtility.ParseQueryString(asked.Query)["authorization_endpoint"]!;
        var host = new Uri(authority).Authority;
        var answer = $$"""
            {
              "tenant_discovery_endpoint": "https://{{host}}/common/v2.0/.well-known/openid-configuration",
              "metadata": [{ "preferred_network": "{{host}}", "preferred_cache": "{{host}}", "aliases": ["{{host}}"] }]
            }
            """;
        var content = new StringContent(answer, Encoding.UTF8, "application/json");
        return new HttpResponseMessage(HttpStatusCode.OK) { RequestMessage = request, Content = content };
    }
}
