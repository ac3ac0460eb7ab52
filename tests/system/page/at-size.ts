import { expect, it } from "vitest";
import { fillRuns } from "../../../subgraphs/runs/testing/fill-runs.ts";
import { fillTrueRun, stepsOf, type TrueRun } from "../../../subgraphs/runs/testing/fill-true-run.ts";
import { withDatabase } from "../product-database.ts";
import { type BrowserPage, countElements, follows, looksFine, reaches } from "./browser-page.ts";
import type { Stage } from "./stage.ts";

const STEPS = 10_000;
/** Of a page, whatever is in the list that it shows. */
const MAX_ELEMENTS = 1_500;

/** What the page promises of a run and of a list that are much longer than a screen: counts, which no machine changes. */
export function staysSmallAtSize(stage: () => Stage): void {
  it("shows a run of 10,000 steps, each event verified, by the lines that are near the screen", () =>
    withRun(stage(), async ({ page }, run) => {
      const steps = page.getByRole("tree", { name: "Steps of the run" });
      expect(await page.getByText(/^10,000 steps, /).innerText()).toContain("100 problems");
      for (const key of ["End", "Home", "PageDown"]) {
        await steps.press(key);
        expect([key, (await countElements(page)) <= MAX_ELEMENTS]).toEqual([key, true]);
      }
      await page.keyboard.press("n");
      await page.waitForURL(/\?step=100$/);
      await looksFine(page);
      await page.keyboard.press("Escape");
      await livesOn(page, run);
      await run.end([]);
      await reaches(page, "ENDED");
      await page.getByRole("link", { name: "Events" }).click();
      await page.getByText(/20,5\d\d events, each verified/).waitFor();
      expect(await countElements(page)).toBeLessThanOrEqual(MAX_ELEMENTS);
    }));

  it("shows 5,000 runs by pages", () =>
    withDatabase(stage().product.dataDir, "runs", async ({ sql }) => {
      const { page } = stage().open;
      const { sessionId } = await fillTrueRun(sql, { tenant: "local", text: "the newest of many" });
      const fromMs = Date.now() - 86_400_000;
      await fillRuns(sql, { tenant: "local", sessionId, count: 5_000, fromMs });
      await page.goto(`${stage().door.url}/runs`);
      await page.locator("tr[data-run]").nth(49).waitFor();
      expect(await countElements(page)).toBeLessThanOrEqual(MAX_ELEMENTS);
      for (const _page of ["the second", "the third"]) {
        const { search } = new URL(page.url());
        await page.getByRole("link", { name: "Older →" }).click();
        await page.waitForFunction((before) => location.search !== before, search);
        await page.locator("tr[data-run]").nth(49).waitFor();
      }
      expect(await countElements(page)).toBeLessThanOrEqual(MAX_ELEMENTS);
      const third = await page.locator("tr[data-run]").first().getAttribute("data-run");
      await page.getByRole("link", { name: "← Newer" }).click();
      await page.locator(`tr[data-run="${third}"]`).waitFor({ state: "detached" });
      await page.locator("tr[data-run]").nth(49).waitFor();
      await page.getByRole("link", { name: "Older →" }).click();
      await page.locator(`tr[data-run="${third}"]`).waitFor();
      expect(await page.locator("tr[data-run]").first().getAttribute("data-run")).toBe(third);
      await page.getByRole("link", { name: "Newest" }).click();
      await staysWhereItIsRead(page, () => fillTrueRun(sql, { tenant: "local", text: "one that came later" }));
    }));
}

/** In the middle of the newest page, a run that comes is told of and moves nothing. */
async function staysWhereItIsRead(page: BrowserPage["page"], come: () => Promise<unknown>): Promise<void> {
  await page.getByText("the newest of many").first().waitFor();
  const row = page.locator("tr[data-run]").nth(30);
  const runId = await row.getAttribute("data-run");
  await row.scrollIntoViewIfNeeded();
  const place = () => page.locator(`tr[data-run="${runId}"]`).boundingBox();
  const before = await place();
  await come();
  await page.evaluate(() => document.dispatchEvent(new Event("visibilitychange")));
  await page.getByRole("button", { name: "↑ 1 new" }).waitFor();
  expect(await place()).toEqual(before);
}

/** While events come, one is drawn by its own line, and what is read stays where it is. */
async function livesOn(page: BrowserPage["page"], run: TrueRun): Promise<void> {
  const steps = page.getByRole("tree", { name: "Steps of the run" });
  await steps.press("Home");
  await follows(page);
  await page.evaluate(() => {
    const drawn = new Set<string>();
    Object.assign(window, { drawn });
    new MutationObserver((changes) => {
      for (const { target } of changes) {
        const at = target instanceof Element ? target : target.parentElement;
        if (at?.role !== "treeitem" && at?.role !== "presentation")
          drawn.add(at?.closest<HTMLElement>("[data-step]")?.dataset.step ?? "");
      }
    }).observe(document.querySelector("[role=tree]") ?? document, { subtree: true, childList: true, attributes: true });
  });
  const place = () => page.locator('[data-step="1"]').boundingBox();
  const before = await place();
  await run.append(stepsOf({ from: STEPS + 1, count: 250, atMs: Date.now() }));
  await page.getByText(/^10,250 steps, /).waitFor();
  expect(await place()).toEqual(before);
  // Bars are placed anew as the run grows longer: once a second, and not with each event.
  const drawn = await page.evaluate(() => (window as unknown as { drawn: Set<string> }).drawn.size);
  expect(drawn).toBeLessThan(80);
}

async function withRun(stage: Stage, look: (open: BrowserPage, run: TrueRun) => Promise<void>): Promise<void> {
  await withDatabase(stage.product.dataDir, "runs", async ({ sql }) => {
    const run = await fillTrueRun(sql, { tenant: "local", text: "a long run" });
    await run.append(stepsOf({ count: STEPS, atMs: Date.now() - STEPS * 20 }));
    await stage.open.page.goto(`${stage.door.url}/runs/${run.runId}`);
    await stage.open.page.getByText(/^10,000 steps, /).waitFor();
    await look(stage.open, run);
  });
}
