import { expect, it } from "vitest";
import { withDatabase } from "../product-database.ts";
import { fillEverySort } from "./accessible-run.ts";
import { type BrowserPage, findFaults, focused, looksFine, MEDIUM, NARROW, sideways, WIDE } from "./browser-page.ts";
import { coveredFocus } from "./covered.ts";
import { withTexts } from "./large-texts.ts";
import { openScreen, SCREENS, type Screen, type ScreenRuns, says } from "./screens.ts";
import type { Stage } from "./stage.ts";

type Page = BrowserPage["page"];

/** What the page promises those who listen to it, who use its keys, and who see it in colours of the system. */
export function servesEveryone(stage: () => Stage): void {
  const runs: ScreenRuns = { asked: "", ended: "" };
  const open = (screen: Omit<Screen, "what">): Promise<Page> => openScreen(stage(), runs, { what: "", ...screen });

  it("has no fault that axe finds where a run asks a person, beside a step that failed", () =>
    withDatabase(stage().product.dataDir, "runs", async ({ sql }) => {
      const { page } = stage().open;
      runs.ended = await stage().product.send("Run code: throw new Error('no')");
      await stage().product.ended(runs.ended);
      runs.asked = (await fillEverySort(sql)).runId;
      await open({ path: "/runs/ASKED?step=6", shown: says("no answer") });
      await page.getByRole("button", { name: "Approve" }).waitFor();
      await looksFine(page);
    }));

  it.each(SCREENS)("has no fault that axe finds with $what", async (screen) => looksFine(await open(screen)));

  it("is seen in the colours of a system that has its own: icons, bars, what is chosen, and lines of a graph", async () => {
    const page = await open({ path: "/runs/ASKED?step=6", shown: says("no answer") });
    await page.emulateMedia({ forcedColors: "active", colorScheme: "dark" });
    try {
      expect(await unseen(page, "main svg", "stroke")).toEqual([]);
      expect(await unseen(page, "[data-step] [data-going]", "border-top-color")).toEqual([]);
      expect(await unseen(page, "[aria-selected=true]", "outline-color")).toEqual([]);
      await open({
        path: "/runs/ENDED?view=graph&step=1",
        shown: (there) => there.locator("[aria-current=true]"),
      });
      expect(await unseen(page, "[aria-current=true]", "outline-color")).toEqual([]);
      expect(await unseen(page, "main svg path[marker-end]", "stroke")).toEqual([]);
      expect(await findFaults(page)).toEqual([]);
    } finally {
      await page.emulateMedia({ forcedColors: "none", colorScheme: "light" });
    }
  });

  it("grows with the text size of the browser, and nothing leads sideways or lies over something else", async () => {
    const large = await withTexts(32, stage().open);
    try {
      const { page } = large;
      for (const path of [
        "/",
        "/runs",
        "/agents/assistant",
        "/api",
        `/runs/${runs.ended}?step=5`,
        `/runs/${runs.ended}?view=graph`,
        `/runs/${runs.ended}?view=chat`,
      ]) {
        await page.goto(stage().door.url + path);
        await page.getByRole("heading", { level: 1 }).waitFor();
        expect([path, await findFaults(page)]).toEqual([path, []]);
        for (const size of [MEDIUM, WIDE]) {
          await page.setViewportSize(size);
          expect([path, size.width, await sideways(page)]).toEqual([path, size.width, 0]);
        }
      }
      await page.goto(`${stage().door.url}/runs/${runs.ended}`);
      const line = page.locator("[data-step]").first();
      await line.waitFor();
      expect([2 * 28, 2 * 48]).toContain((await line.boundingBox())?.height);
      expect(await page.evaluate(() => getComputedStyle(document.body).fontSize)).toBe("28px");
      await page.goto(`${stage().door.url}/runs`);
      for (const size of [WIDE, MEDIUM, NARROW]) {
        await page.setViewportSize(size);
        expect([size.width, await sideways(page)]).toEqual([size.width, 0]);
        await isAimedAt(page);
      }
      expect(large.faults).toEqual([]);
    } finally {
      await large.context.browser()?.close();
    }
  });

  it.each([WIDE, NARROW])(
    "shows what has the focus whole, as the keys go through a list, at $width px",
    async (size) => {
      const { page } = stage().open;
      await page.setViewportSize(size);
      await open({ path: "/runs", shown: (there) => there.locator("tr[data-run]").first() });
      for (const key of [..."jjjjjjjjjjjjjjjjjjjjjjjjkkkkkkkkkkkkkkkkkkkk"]) {
        await page.keyboard.press(key);
        expect([await focused(page), await coveredFocus(page)]).toEqual([await focused(page), []]);
      }
    },
  );
}

/** The mouse reaches the lines of the list, the first and the last ones, with nothing over them. */
async function isAimedAt(page: Page): Promise<void> {
  const rows = page.locator("tr[data-run]");
  for (const row of [rows.first(), rows.nth(7), rows.last()]) {
    await row.getByRole("link").first().hover();
    await row.getByRole("checkbox").check();
  }
  await page.getByText("3 chosen").waitFor();
  await page.getByRole("button", { name: "Clear" }).click();
}

/** Of elements, those that a property draws in a colour that does not stand out from the page's own. */
function unseen(page: Page, places: string, property: string): Promise<string[]> {
  return page.evaluate(
    ([all = "", name = ""]) => {
      const canvas = getComputedStyle(document.body).backgroundColor;
      const found = [...document.querySelectorAll(all)].filter((each) => each.checkVisibility());
      if (found.length === 0) return [`there is nothing at ${all}`];
      const style = (each: Element): string => getComputedStyle(each).getPropertyValue(name);
      return found
        .filter((each) => [canvas, "none", "rgba(0, 0, 0, 0)"].includes(style(each)))
        .map((each) => `${style(each)} on ${canvas}: ${each.outerHTML.slice(0, 120)}`);
    },
    [places, property],
  );
}
