import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import axe from "axe-core";
import type { Page } from "playwright-core";

const widths = [390, 1280];
const colorSchemes = ["light", "dark"] as const;

/** Pictures of the pages go here, for a person to look at; nobody else needs them. */
const pictureFolder = process.env["SCREENSHOTS"];

export interface LooksOptions {
  /** Default: true. Axe is a script: where scripts are off, only the width is checked. */
  readonly withAxe?: boolean;
}

/**
 * Checks what a page shows now, on a phone and on a desk, light and dark: nothing is cut off at the side, and axe finds
 * no barrier (roles, names, contrast, target sizes).
 * @param name of the pictures, which are taken if `SCREENSHOTS` names a folder
 */
export async function looksRight(tab: Page, name: string, { withAxe = true }: LooksOptions = {}): Promise<void> {
  for (const width of widths) {
    await tab.setViewportSize({ width, height: 800 });
    for (const colorScheme of colorSchemes) {
      await tab.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      const look = `${name}-${width}-${colorScheme}`;
      await takePicture(tab, look);
      const overhang = await tab.evaluate<number>("document.documentElement.scrollWidth - innerWidth");
      assert.ok(overhang <= 0, `${look} is ${overhang} px wider than the window`);
      if (!withAxe || isCoveredByOthers(width, colorScheme)) continue;
      assert.deepEqual(await barriersOn(tab), [], look);
    }
  }
}

/** Contrast depends on the colours alone and sizes on the width alone: two of the four looks have everything. */
function isCoveredByOthers(width: number, colorScheme: "light" | "dark"): boolean {
  return (width === 390) === (colorScheme === "dark");
}

async function barriersOn(tab: Page): Promise<readonly string[]> {
  if (!(await tab.evaluate<boolean>("'axe' in window"))) await tab.evaluate(axe.source);
  const options = { resultTypes: ["violations"], rules: { "target-size": { enabled: true } } };
  const { violations } = await tab.evaluate<axe.AxeResults>(`axe.run(document, ${JSON.stringify(options)})`);
  return violations.flatMap(({ id, help, nodes }) => nodes.map(({ html }) => `${id}: ${help}: ${html}`));
}

async function takePicture(tab: Page, name: string): Promise<void> {
  if (!pictureFolder) return;
  await mkdir(pictureFolder, { recursive: true });
  await tab.screenshot({ path: join(pictureFolder, `${name}.png`), fullPage: true });
}
