export { createClient, type Answer, type Ask, type Client } from "@entra-functions-bff/development/testing/client";
