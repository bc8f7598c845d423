import { after, before, describe, it, type TestContext } from "node:test";
import { startFresh } from "../support/store.ts";
import { startWorld, type World } from "../support/world.ts";
import type { Found } from "./find.ts";
import type { Flow } from "./flows.ts";
import type { OtherBrowser } from "./other-browser.ts";

/** Declares the flows as tests in that browser, started once. Where it cannot be had they are skipped, and say why. */
export function playIn<Programs>(
  name: string,
  found: Found<Programs>,
  start: (programs: Programs) => Promise<OtherBrowser>,
  flows: readonly Flow[],
): void {
  describe(`in ${name},`, () => {
    let world: World;
    let browser: OtherBrowser;
    before(async () => {
      if ("why" in found) return;
      // The policy under which signing out here and everywhere are two things.
      const options = { environment: { SignOut__Scope: "session" } };
      [world, browser] = await Promise.all([startWorld(options), start(found.programs)]);
    });
    after(async () => {
      if (!("why" in found)) await Promise.all([browser.stop(), world.stop()]);
    });
    for (const [title, play] of flows) {
      it(title, async (test: TestContext) => {
        if ("why" in found) return test.skip(`${name} ${found.why}`);
        await startFresh(world);
        await play(world, browser);
      });
    }
  });
}
