import { CosmosClient } from "@azure/cosmos";
import { app } from "@azure/functions";

/** Only the work that every signed-in call needs: one point read, and the API's answer as the stream that `fetch` has made of it. */
const client = new CosmosClient({ connectionString: process.env["CosmosDb"] ?? "" });
const accounts = client.database("auth").container("accounts");

app.setup({ enableHttpStream: true });
app.http("bare-stream", {
  route: "bare/{id}/{path}",
  methods: ["GET"],
  authLevel: "anonymous",
  handler: async (request) => {
    const { id = "", path = "" } = request.params;
    const { resource } = await accounts.item(id, id).read<Record<string, unknown>>();
    if (resource === undefined) return { status: 404 };
    const answer = await fetch(`${process.env["DownstreamApis__streams__BaseUrl"]}/${path}`);
    return { status: answer.status, headers: { "content-type": "application/octet-stream" }, body: answer.body };
  },
});
