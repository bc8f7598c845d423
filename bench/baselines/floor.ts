import { app } from "@azure/functions";
import { cosmosClient } from "../../shared/account/cosmos.ts";

/** Only the work that every signed-in API call needs: one point read and one call of the API. */
const connectionString = process.env["CosmosDb"] ?? "";
const target = `${process.env["DownstreamApis__graph__BaseUrl"]}/me`;
const authorization = `Bearer ${process.env["Bench__AccessToken"]}`;
const client = cosmosClient({ kind: "connectionString", connectionString });
const accounts = client.then((connected) => connected.database("auth").container("accounts"));

app.http("floor", {
  route: "floor/{id}",
  methods: ["GET"],
  authLevel: "anonymous",
  handler: async (request) => {
    const id = request.params["id"] ?? "";
    const { resource } = await (await accounts).item(id, id).read<Record<string, unknown>>();
    if (resource === undefined) return { status: 404 };
    const answer = await fetch(target, { headers: { authorization } });
    const body = new Uint8Array(await answer.arrayBuffer());
    return { status: answer.status, headers: { "content-type": "application/json" }, body };
  },
});
