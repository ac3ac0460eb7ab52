import { beforeAll, expect, it } from "vitest";
import { withDatabase } from "../product-database.ts";
import { fillEverySort } from "./accessible-run.ts";
import { type BrowserPage, findFaults, focused, looksFine, MEDIUM, NARROW, WIDE } from "./browser-page.ts";
import { withTexts } from "./large-texts.ts";
import { DIALOGS, openScreen, type ScreenRuns } from "./screens.ts";
import type { Stage } from "./stage.ts";

type Page = BrowserPage["page"];

/** What the page promises of whatever it opens over itself. */
export function opensDialogsForEveryone(stage: () => Stage): void {
  const runs: ScreenRuns = { asked: "", ended: "" };

  beforeAll(() =>
    withDatabase(stage().product.dataDir, "runs", async ({ sql }) => {
      runs.ended = await stage().product.send("What is 6*6?");
      await stage().product.ended(runs.ended);
      runs.asked = (await fillEverySort(sql)).runId;
    }),
  );

  it.each(DIALOGS)("has no fault that axe finds in $what, keeps the focus in it and gives it back", async (screen) => {
    const page = await openScreen(stage(), runs, screen);
    await looksFine(page);
    for (const key of ["Tab", "Shift+Tab"]) expect(await leftBy(page, key)).toEqual([]);
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "detached" });
    expect(await focused(page)).toBe(screen.back);
  });

  it("has dialogs whose texts grow with those of the browser, and stay on the screen", async () => {
    const open = await withTexts(32, stage().open);
    try {
      for (const screen of DIALOGS) {
        await open.page.setViewportSize(WIDE);
        const page = await openScreen({ door: stage().door, open }, runs, screen);
        for (const size of [WIDE, MEDIUM, NARROW]) {
          await page.setViewportSize(size);
          expect([screen.what, size.width, await cutOff(page)]).toEqual([screen.what, size.width, 0]);
        }
        expect([screen.what, await findFaults(page)]).toEqual([screen.what, []]);
      }
      expect(open.faults).toEqual([]);
    } finally {
      await open.context.browser()?.close();
    }
  });
}

/** More than any dialog has. */
const STOPS = 30;

/** What has the focus outside of the dialog while such a key is pressed; between the last and the first the browser has it. */
async function leftBy(page: Page, key: string): Promise<string[]> {
  const left: string[] = [];
  for (let stop = 0; stop < STOPS; stop += 1) {
    await page.keyboard.press(key);
    const isIn = await page.evaluate(() => {
      const { activeElement, body } = document;
      return activeElement === body || activeElement?.closest("dialog[open]") != null;
    });
    if (!isIn) left.push(await focused(page));
  }
  return left;
}

/** How many pixels of the dialog are beyond the sides of the screen, or of what is in it beyond its own. */
function cutOff(page: Page): Promise<number> {
  return page.getByRole("dialog").evaluate((dialog) => {
    const { left, right } = dialog.getBoundingClientRect();
    return Math.max(0, -left, right - innerWidth, dialog.scrollWidth - dialog.clientWidth);
  });
}
