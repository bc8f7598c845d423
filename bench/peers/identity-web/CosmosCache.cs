using System.Net;
using System.Text.Json.Serialization;
using Microsoft.Azure.Cosmos;
using Microsoft.Extensions.Caching.Distributed;

namespace IdentityWebPeer;

/// <summary>
/// What Microsoft.Extensions.Caching.Cosmos does for entries without sliding expiration, which is how the token cache
/// writes them by default: a point read, also to refresh an entry, an unconditional upsert, a delete.
/// </summary>
public sealed class CosmosCache(CosmosClient client) : IDistributedCache
{
    private sealed record Entry(
        [property: JsonPropertyName("id")] string Id,
        [property: JsonPropertyName("content")] byte[] Content,
        [property: JsonPropertyName("ttl")] long Ttl);

    private static readonly ItemRequestOptions withoutAnswer = new() { EnableContentResponseOnWrite = false };
    private readonly Container container = client.GetContainer("auth", "peer-c-tokens");

    public async Task<byte[]?> GetAsync(string key, CancellationToken token = default)
    {
        try
        {
            var answer = await container.ReadItemAsync<Entry>(key, new PartitionKey(key), cancellationToken: token);
            return answer.Resource.Content;
        }
        catch (CosmosException error) when (error.StatusCode == HttpStatusCode.NotFound)
        {
            return null;
        }
    }

    public async Task SetAsync(string key, byte[] value, DistributedCacheEntryOptions options, CancellationToken token = default)
    {
        var lifetime = options.AbsoluteExpirationRelativeToNow ?? options.AbsoluteExpiration - DateTimeOffset.UtcNow;
        var entry = new Entry(key, value, (long?)lifetime?.TotalSeconds ?? -1);
        await container.UpsertItemAsync(entry, new PartitionKey(key), withoutAnswer, token);
    }

    public async Task RemoveAsync(string key, CancellationToken token = default)
    {
        try
        {
            await container.DeleteItemAsync<Entry>(key, new PartitionKey(key), withoutAnswer, token);
        }
        catch (CosmosException error) when (error.StatusCode == HttpStatusCode.NotFound)
        {
            // Nothing is left to remove.
        }
    }

    public Task RefreshAsync(string key, CancellationToken token = default) => GetAsync(key, token);
    public byte[]? Get(string key) => GetAsync(key).GetAwaiter().GetResult();
    public void Set(string key, byte[] value, DistributedCacheEntryOptions options) => SetAsync(key, value, options).GetAwaiter().GetResult();
    public void Remove(string key) => RemoveAsync(key).GetAwaiter().GetResult();
    public void Refresh(string key) => RefreshAsync(key).GetAwaiter().GetResult();
}
