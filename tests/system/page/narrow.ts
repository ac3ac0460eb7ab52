import type { Page } from "playwright-core";
import { expect, it } from "vitest";
import { withDatabase } from "../product-database.ts";
import { fillAsking, fillEverySort } from "./accessible-run.ts";
import { choose, follows, NARROW, sideways, WIDE } from "./browser-page.ts";
import { findCovered } from "./covered.ts";
import { openScreen } from "./screens.ts";
import type { Stage } from "./stage.ts";

/** The views of a run, with what is opened beside them. */
const RUN_SCREENS = [
  "/runs/ASKED",
  "/runs/ASKED?step=6",
  "/runs/ENDED",
  "/runs/ENDED?step=5",
  "/runs/ENDED?view=graph&step=2",
  "/runs/ENDED?view=state&seq=1",
  "/runs/ENDED?view=events&event=2",
];

/** What the page promises on a telephone of what is larger than it. */
export function fitsATelephone(stage: () => Stage): void {
  it("has no control that something lies over: in the chat, and in each view of a run", () =>
    withDatabase(stage().product.dataDir, "runs", async ({ sql }) => {
      const { page } = stage().open;
      const ended = await stage().product.send("Run code: throw new Error('no')");
      await stage().product.ended(ended);
      const runs = { ended, asked: (await fillEverySort(sql)).runId };
      await page.setViewportSize(NARROW);
      for (const id of ["ASKED", "ENDED"]) {
        await openScreen(stage(), runs, { what: "", path: `/runs/${id}?view=chat`, shown: timelineLink });
        for (const part of ["Conversations", "Steps", "Chat"] as const) {
          await choose(page, part);
          expect([id, part, await findCovered(page)]).toEqual([id, part, []]);
        }
      }
      for (const path of RUN_SCREENS) {
        await openScreen(stage(), runs, { what: "", path, shown: (there) => there.locator("[data-view]") });
        if (/step=|event=/.test(path)) await page.locator("[data-view]").getByRole("complementary").waitFor();
        expect([path, await findCovered(page)]).toEqual([path, []]);
      }
    }));

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

const timelineLink = (page: Page) => page.getByRole("log").getByText("Timeline").first();
const hint = (page: Page) => page.getByText("wider than the screen: scroll it sideways");
