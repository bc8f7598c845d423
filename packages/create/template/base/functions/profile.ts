import type { OwnFunction } from "entra-functions-bff";

/** `GET /me/profile`: what Microsoft Graph says about the signed-in person. */
export const profile: OwnFunction = {
  route: "me/profile",
  methods: ["GET"],
  handler: async (_request, session) => {
    const answer = await session.fetch("graph", "me?$select=displayName,mail");
    return { status: answer.status, jsonBody: await answer.json() };
  },
};
