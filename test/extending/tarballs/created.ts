import assert from "node:assert/strict";
import { access, readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { Page } from "playwright-core";
import { launchBrowser, type TestBrowser } from "../../support/browser.ts";
import { frontEnds, npm, started, type Proof } from "./installed.ts";

const ada = "Ada Lindqvist";

/** Signs in and out with the app's own page, as a person does. */
async function byPage(tab: Page): Promise<void> {
  await tab.getByText("You are not signed in.").waitFor();
  await tab.getByRole("button", { name: "Sign in" }).click();
  await tab.getByRole("button", { name: ada }).click();
  await tab.getByText(`Hello, ${ada}.`).waitFor();
  await tab.getByRole("button", { name: "Sign out" }).click();
  // The identity provider's page, which tells the apps, waits for the person.
  await tab.getByRole("link", { name: "Continue" }).click();
  await tab.getByText("You are not signed in.").or(tab.getByText("You have been signed out.")).waitFor();
}

/** Where the app has no page of its own, its function is all that there is to see. */
async function byAddress(tab: Page, url: string): Promise<void> {
  await tab.goto(`${url}/auth/login?returnUrl=/me/profile`);
  await tab.getByRole("button", { name: ada }).click();
  await tab.getByText(`"displayName":"${ada}"`).waitFor();
}

export function createdApps(proof: Proof): void {
  describe("the app that npm create makes", () => {
    let browser: TestBrowser;
    before(async () => {
      browser = await launchBrowser();
    });
    after(() => browser.stop());

    // With "plain", the functions are those of "react", and the commands those of "none".
    for (const frontEnd of ["react", "none"] as const) {
      it(
        `with the front end "${frontEnd}" passes its tests`,
        proof(async ({ created }) => assert.match(await npm(created(frontEnd), "test"), /pass 1\n/)),
      );
    }

    for (const frontEnd of frontEnds) {
      it(
        `with the front end "${frontEnd}" lets a person sign in`,
        proof(async ({ created }, test) => {
          const app = await started(created(frontEnd), "start");
          const profile = await browser.newProfile(test);
          try {
            const tab = await profile.newTab(app.url);
            await (frontEnd === "none" ? byAddress(tab, app.url) : byPage(tab));
          } finally {
            await profile.context.close();
            await app.program.stop();
          }
          assert.doesNotMatch(app.program.written(), /Warning|Error/);
        }),
      );
    }
  });

  it(
    "it has the packages that it asks for, and none that only this project asks for",
    proof(async ({ created }) => {
      for (const name of ["axe-core", "fast-check", "playwright-core"])
        await assert.rejects(access(join(created("react"), "node_modules", name)), /ENOENT/, name);
    }),
  );

  it(
    "what it makes can be deployed as this project can: the same templates and workflow, and versions that go together",
    proof(async ({ created }) => {
      const folder = created("none");
      for (const file of ["infra/main.bicep", "infra/publish/.npmrc", "host.json", ".funcignore"]) {
        assert.equal(await readFile(join(folder, file), "utf8"), await readFile(file, "utf8"), file);
      }
      assert.match(await readFile(join(folder, "azure.yaml"), "utf8"), /^name: with-none$/m);
      const readme = await readFile(join(folder, "README.md"), "utf8");
      for (const [, link = ""] of readme.matchAll(/\]\(([^)#]+)/g)) await access(join(folder, link));
      const [project, app] = await Promise.all(
        ["package.json", join(created("react"), "package.json")].map(async (file) => versionsIn(file)),
      );
      for (const [name, range] of app ?? []) {
        const here = project?.get(name);
        if (here !== undefined && range.startsWith("^")) assert.equal(range, `^${here}`, name);
      }
    }),
  );
}

async function versionsIn(file: string): Promise<ReadonlyMap<string, string>> {
  type Versions = Readonly<Record<string, string>>;
  const { dependencies, devDependencies } = JSON.parse(await readFile(file, "utf8")) as {
    readonly dependencies: Versions;
    readonly devDependencies: Versions;
  };
  return new Map(Object.entries({ ...dependencies, ...devDependencies }));
}
