import { after, before, describe, it } from "node:test";
import { startGraph, type Graph } from "@entra-functions-bff/development/graph";
import { createGraphClient } from "../../tools/app-registration/graph-client.ts";
import { checkDirectory } from "../../tools/doctor/checks/directory.ts";
import { assertFinding } from "./doctor-harness.ts";

const [readAllUsers, readAllMail] = ["df021288-bdef-4463-88db-98f22de89214", "810c84a8-4a9e-49e6-bf7d-12d183f40d01"];

const getToken = async () => ({ token: "operator", expiresOnTimestamp: Date.now() + 3_600_000 });

describe("npm run doctor, at the directory that is to end sessions", () => {
  let graph: Graph;
  before(async () => {
    graph = await startGraph({ port: 0 });
  });
  after(() => graph.stop());

  async function check(clientId: string) {
    const client = createGraphClient({ url: graph.url, credential: { getToken }, wait: async () => undefined });
    return [await checkDirectory(client, clientId)];
  }

  it("says whether the app's identity may read all users, and what to do if it may not", async () => {
    const { id, appId } = graph.directory.putManagedIdentity("id-portal");
    assertFinding(await check(appId), "Directory", "failed", /"id-portal" may not read .* User\.Read\.All/);
    // More than one page of them.
    for (let index = 0; index < 100; index++) graph.directory.assignAppRole(id, readAllMail);
    assertFinding(await check(appId), "Directory", "failed", /User\.Read\.All/);
    graph.directory.assignAppRole(id, readAllUsers);
    assertFinding(await check(appId), "Directory", "ok", /"id-portal" may read all users/);
  });

  it("says so if there is no such identity, and if it may not look itself", async () => {
    const unknown = "a1b2c3d4-e5f6-4789-8abc-def012345678";
    assertFinding(await check(unknown), "Directory", "failed", /no service principal/);
    graph.controls.deny();
    assertFinding(await check(unknown), "Directory", "not checked", /not checked/);
  });
});
