import type { OwnFunction } from "entra-functions-bff";

/** `GET /me/profile`: name, job title and picture from Microsoft Graph. An example of an app's own function. */
export const profile: OwnFunction = {
  route: "me/profile",
  methods: ["GET"],
  handler: async (_request, session) => {
    const [user, photo] = await Promise.all([
      session.fetch("graph", "me?$select=displayName,jobTitle"),
      session.fetch("graph", "me/photo/$value"),
    ]);
    const { displayName, jobTitle } = (user.ok ? await user.json() : {}) as Person;
    const name = displayName ?? session.claims.name;
    return { jsonBody: { name, jobTitle: jobTitle ?? null, picture: photo.ok ? await dataUrl(photo) : null } };
  },
};

/** The selected properties. Graph sends all of them, null for what it does not know. */
interface Person {
  readonly displayName?: string | null;
  readonly jobTitle?: string | null;
}

/** Small enough for JSON: Graph's photos have 648 pixels a side at most. People without one get 404. */
async function dataUrl(photo: Response): Promise<string> {
  const image = Buffer.from(await photo.arrayBuffer()).toString("base64");
  return `data:${photo.headers.get("content-type") ?? "image/jpeg"};base64,${image}`;
}
