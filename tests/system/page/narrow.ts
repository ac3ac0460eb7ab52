import type { Page } from "playwright-core";
import { expect, it } from "vitest";
import { withDatabase } from "../product-database.ts";
import { fillAsking } from "./accessible-run.ts";
import { follows, NARROW, sideways, WIDE } from "./browser-page.ts";
import type { Stage } from "./stage.ts";

/** What the page promises on a telephone of what is larger than it. */
export function fitsATelephone(stage: () => Stage): void {
  it("begins a run that asks at its first step, also where its window becomes that of a telephone", () =>
    withDatabase(stage().product.dataDir, "runs", async ({ sql }) => {
      const { door, open } = stage();
      const { page } = open;
      const { runId } = await fillAsking(sql);
      for (const size of [WIDE, NARROW]) {
        await page.setViewportSize(size);
        await page.goto(`${door.url}/runs/${runId}`);
        await follows(page);
        await page.getByRole("button", { name: "Approve" }).waitFor();
        await page.setViewportSize(NARROW);
        await page.locator("[data-narrow=true]").waitFor();
        const steps = page.getByRole("tree", { name: "Steps of the run" });
        expect([size.width, await steps.evaluate(({ scrollTop }) => scrollTop)]).toEqual([size.width, 0]);
      }
    }));

  it("draws a graph within its own part, which is scrolled sideways where it is wider, and says so there", async () => {
    const { door, open, product } = stage();
    const { page } = open;
    const runId = await product.send("What is 6*9?");
    await product.ended(runId);
    for (const path of ["/agents/assistant", `/runs/${runId}?view=graph`]) {
      await page.setViewportSize(WIDE);
      await page.goto(door.url + path);
      await page.locator("[data-wide=false]").waitFor();
      expect([path, await hint(page).count()]).toEqual([path, 0]);
      await page.setViewportSize(NARROW);
      await hint(page).waitFor();
      const rest = await page.locator("[data-wide=true]").evaluate((part) => {
        part.scrollTo({ left: part.scrollWidth });
        return part.scrollWidth - part.scrollLeft - part.clientWidth;
      });
      expect([path, Math.round(rest), await sideways(page)]).toEqual([path, 0, 0]);
    }
  });
}

const hint = (page: Page) => page.getByText("wider than the screen: scroll it sideways");
