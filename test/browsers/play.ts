import { after, before, describe, it, type TestContext } from "node:test";
import { startFresh } from "../support/store.ts";
import { startPageWorld } from "../support/page-world.ts";
import type { World } from "../support/world.ts";
import { DriverFailure } from "./connection.ts";
import type { Found } from "./find.ts";
import type { Flow } from "./flows.ts";
import type { OtherBrowser } from "./other-browser.ts";

// A signal alone would end this process without its `exit` event, on which the browsers end.
process.once("SIGTERM", () => process.exit(143));

/**
 * Declares the flows as tests in that browser, started once. Where it cannot be had they are skipped, and say why.
 * A flow whose driver stopped answering is played once more, from its beginning, in a new browser.
 */
export function playIn<Programs>(
  name: string,
  found: Found<Programs>,
  start: (programs: Programs) => Promise<OtherBrowser>,
  flows: readonly Flow[],
): void {
  describe(`in ${name},`, () => {
    let world: World | undefined;
    let browser: OtherBrowser | undefined;
    before(async () => {
      if ("why" in found) return;
      // The policy under which signing out here and everywhere are two things.
      const options = { environment: { SignOut__Scope: "session" } };
      // One after the other: whichever was started is stopped when the other fails.
      world = await startPageWorld(options);
      browser = await start(found.programs).catch(async () => start(found.programs));
    });
    after(() => Promise.all([browser?.stop(), world?.stop()]));

    async function playOnce(play: Flow[1]): Promise<void> {
      if (world === undefined || browser === undefined) throw new Error(`${name} has not started`);
      await startFresh(world);
      await play(world, browser);
    }

    for (const [title, play] of flows) {
      it(title, async (test: TestContext) => {
        if ("why" in found) return test.skip(`${name} ${found.why}`);
        try {
          await playOnce(play);
        } catch (error) {
          if (!(error instanceof DriverFailure)) throw error;
          test.diagnostic(`${error.message}. Once more, in a new ${name}.`);
          await browser?.stop();
          browser = undefined;
          browser = await start(found.programs);
          await playOnce(play);
        }
      });
    }
  });
}
