import { isRecord } from "../shared/core/encoding.ts";
import type { FunctionDefinition } from "../shared/pipeline/handler.ts";
import { authenticated } from "../shared/pipeline/authenticated.ts";

/** `GET /me/profile`: name, job title and picture from Microsoft Graph. An example of a function of one's own. */
export const profile: FunctionDefinition = {
  name: "profile",
  route: "me/profile",
  methods: ["GET"],
  handler: authenticated(async (_request, session) => {
    const [user, photo] = await Promise.all([
      session.fetch("graph", "me?$select=displayName,jobTitle"),
      session.fetch("graph", "me/photo/$value"),
    ]);
    const person: unknown = user.ok ? await user.json() : {};
    const { displayName, jobTitle } = isRecord(person) ? person : {};
    const name = displayName ?? session.claims.name;
    return { jsonBody: { name, jobTitle: jobTitle ?? null, picture: photo.ok ? await dataUrl(photo) : null } };
  }),
};

/** Small enough for JSON: Graph's photos have 648 pixels a side at most. People without one get 404. */
async function dataUrl(photo: Response): Promise<string> {
  const image = Buffer.from(await photo.arrayBuffer()).toString("base64");
  return `data:${photo.headers.get("content-type") ?? "image/jpeg"};base64,${image}`;
}
