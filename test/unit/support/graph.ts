import { mock } from "node:test";
import type { Authority } from "../../../shared/identity/authority.ts";
import { directoryOf } from "./directory.ts";
import { testApp, type TestApp } from "./app.ts";

/** A request to Microsoft Graph. */
export interface AskedOfGraph {
  readonly method: string;
  /** Path and query, decoded. */
  readonly path: string;
  readonly json: Readonly<Record<string, unknown>> | undefined;
}

export interface TestGraph {
  readonly app: TestApp;
  readonly directory: ReturnType<typeof directoryOf>;
  readonly asked: AskedOfGraph[];
  /** What Microsoft Graph answers; a test replaces it. */
  answer: (asked: AskedOfGraph) => Response | Promise<Response>;
}

export const json = (body: unknown, status = 200, headers: Record<string, string> = {}): Response =>
  Response.json(body, { status, headers });

/** An app with a directory, and a Microsoft Graph in the place of `fetch`. `mock.restoreAll()` takes it away. */
export function graph(settings: Readonly<Record<string, string>> = {}): TestGraph {
  const client = {
    msal: {
      acquireTokenByClientCredential: async () => ({ accessToken: "app", expiresOn: new Date(Date.now() + 3.6e6) }),
    },
    network: {},
  };
  const parts = { client: async () => client } as unknown as Partial<Authority>;
  const app = testApp({ Directory__Notifications: "true", ...settings }, parts);
  const asked: AskedOfGraph[] = [];
  const given: TestGraph = { app, directory: directoryOf(app), asked, answer: () => json({}, 500) };
  mock.method(globalThis, "fetch", async (url: URL, { method = "", body }: RequestInit) => {
    const path = decodeURIComponent(url.href.replace("https://graph.microsoft.com/v1.0/", ""));
    const request = {
      method,
      path,
      json: typeof body === "string" ? (JSON.parse(body) as AskedOfGraph["json"]) : undefined,
    };
    asked.push(request);
    return given.answer(request);
  });
  return given;
}
