import { app } from "@azure/functions";

/** An empty function. */
app.http("hello", {
  route: "hello",
  methods: ["GET"],
  authLevel: "anonymous",
  handler: async () => ({ jsonBody: { hello: "world" } }),
});
