import { app } from "@azure/functions";
import { cosmosClient } from "../../shared/account/cosmos.ts";

/** Only the work that every signed-in call needs: one point read, and the API's answer as the stream that `fetch` has made of it. */
const connectionString = process.env["CosmosDb"] ?? "";
const client = cosmosClient({ kind: "connectionString", connectionString });
const accounts = client.then((connected) => connected.database("auth").container("accounts"));

app.setup({ enableHttpStream: true });
app.http("bare-stream", {
  route: "bare/{id}/{path}",
  methods: ["GET"],
  authLevel: "anonymous",
  handler: async (request) => {
    const { id = "", path = "" } = request.params;
    const { resource } = await (await accounts).item(id, id).read<Record<string, unknown>>();
    if (resource === undefined) return { status: 404 };
    const answer = await fetch(`${process.env["DownstreamApis__streams__BaseUrl"]}/${path}`);
    return { status: answer.status, headers: { "content-type": "application/octet-stream" }, body: answer.body };
  },
});
