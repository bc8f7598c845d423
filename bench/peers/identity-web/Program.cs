using System.Net.Http.Headers;
using IdentityWebPeer;
using Microsoft.AspNetCore.Authentication.OpenIdConnect;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.Azure.Cosmos;
using Microsoft.Extensions.Caching.Distributed;
using Microsoft.Identity.Web;
using Microsoft.Identity.Web.TokenCacheProviders.Distributed;

// Microsoft.Identity.Web as its documentation puts a web app together that calls an API, with distributed token caches.
var builder = WebApplication.CreateBuilder(args);
var configuration = builder.Configuration;
var target = $"{configuration["DownstreamApis:graph:BaseUrl"]}/me";
string[] scopes = ["User.Read"];

builder.Logging.SetMinimumLevel(LogLevel.Warning);
// Instances of one app share the keys of their cookies.
builder.Services.AddDataProtection()
    .SetApplicationName("identity-web")
    .PersistKeysToFileSystem(new DirectoryInfo(configuration["KeysFolder"]!));
builder.Services.AddSingleton(_ => new CosmosClient(configuration["CosmosDb"], new CosmosClientOptions
{
    // The local endpoint speaks HTTP only.
    ConnectionMode = ConnectionMode.Gateway,
    LimitToEndpoint = true,
    UseSystemTextJsonSerializerWithOptions = new(),
}));
builder.Services.AddSingleton<IDistributedCache, CosmosCache>();
builder.Services.Configure<MsalDistributedTokenCacheAdapterOptions>(options =>
    options.DisableL1Cache = configuration.GetValue<bool>("WithoutMemoryCache"));
builder.Services.AddAuthentication(OpenIdConnectDefaults.AuthenticationScheme)
    .AddMicrosoftIdentityWebApp(configuration.GetSection("AzureAd"))
    .EnableTokenAcquisitionToCallDownstreamApi(scopes)
    .AddDistributedTokenCaches();
// The benchmark's browser runs no script that would post the form.
builder.Services.Configure<OpenIdConnectOptions>(OpenIdConnectDefaults.AuthenticationScheme, options => options.ResponseMode = "query");
builder.Services.AddAuthorization();
builder.Services.AddHttpClient("graph");
builder.Services.AddTransient<InstanceDiscovery>();
builder.Services.ConfigureHttpClientDefaults(http => http.AddHttpMessageHandler<InstanceDiscovery>());

var app = builder.Build();
app.UseAuthentication();
app.UseAuthorization();
app.MapGet("/", () => Results.Text("ok"));
app.MapGet("/login", (string login_hint) =>
{
    var properties = new OpenIdConnectChallengeProperties { RedirectUri = "/" };
    properties.SetParameter("login_hint", login_hint);
    return Results.Challenge(properties, [OpenIdConnectDefaults.AuthenticationScheme]);
});
app.MapGet("/api/graph/me", [Authorize] async (ITokenAcquisition tokens, IHttpClientFactory clients, HttpResponse response) =>
{
    var token = await tokens.GetAccessTokenForUserAsync(scopes);
    using var request = new HttpRequestMessage(HttpMethod.Get, target);
    request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
    using var answer = await clients.CreateClient("graph").SendAsync(request);
    var body = await answer.Content.ReadAsByteArrayAsync();
    response.StatusCode = (int)answer.StatusCode;
    response.ContentType = "application/json";
    response.ContentLength = body.Length;
    await response.Body.WriteAsync(body);
});

var probe = Probe.Start();
app.Lifetime.ApplicationStarted.Register(() =>
{
    Console.WriteLine($"probe {probe}");
    Console.WriteLine($"listening {app.Urls.First()}");
});
app.Run();
