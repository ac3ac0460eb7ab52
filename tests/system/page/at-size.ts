import { expect, it } from "vitest";
import { fillRuns } from "../../../subgraphs/runs/testing/fill-runs.ts";
import { fillTrueRun, stepsOf, type ToldEvent, type TrueRun } from "../../../subgraphs/runs/testing/fill-true-run.ts";
import { withDatabase } from "../product-database.ts";
import { type BrowserPage, countElements, follows, looksFine, NARROW, reaches, WIDE } from "./browser-page.ts";
import { coveredFocus } from "./covered.ts";
import type { Stage } from "./stage.ts";

const STEPS = 10_000;
/** Of one run in a chat, with which it is long; 200 are shown until asked for all. Each fifth step of stepsOf() has one. */
const CARDS = 150;
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

  it("leaves who reads in the middle of a long chat where they are, whatever comes, and leads to its end", () =>
    withDatabase(stage().product.dataDir, "runs", async ({ sql }) => {
      const { page } = stage().open;
      const run = await fillTrueRun(sql, { tenant: "local", text: "a long chat" });
      await run.append(stepsOf({ count: 5 * CARDS, atMs: Date.now() - 60_000 }));
      await page.goto(`${stage().door.url}/chat/${run.sessionId}`);
      await follows(page);
      const cards = page.getByRole("log").locator("[data-tool]");
      await cards.nth(CARDS - 1).waitFor();
      await staysInTheMiddle(page, run);
      await coversNothing(page);
      await page.getByRole("button", { name: "↓ New below" }).press("Enter");
      await page.getByRole("log").getByText("piece 100.").waitFor();
      await run.end([]);
      await reaches(page, "ENDED");
      await page.getByText(/^The newest 200 of \d+ are shown\./).waitFor();
      await expect.poll(() => fromTheEnd(page)).toBeLessThan(1);
    }));

  it("shows 5,000 runs by pages, and what was chosen stays so on each and while runs come", () =>
    withDatabase(stage().product.dataDir, "runs", async ({ sql }) => {
      const { page } = stage().open;
      const { sessionId } = await fillTrueRun(sql, { tenant: "local", text: "the newest of many" });
      const fromMs = Date.now() - 86_400_000;
      await fillRuns(sql, { tenant: "local", sessionId, count: 5_000, fromMs });
      await page.goto(`${stage().door.url}/runs`);
      await page.locator("tr[data-run]").nth(49).waitFor();
      expect(await countElements(page)).toBeLessThanOrEqual(MAX_ELEMENTS);
      const chosen = await page.locator("tr[data-run]").nth(3).getAttribute("data-run");
      await page.locator(`tr[data-run="${chosen}"]`).getByRole("checkbox").check();
      for (const _page of ["the second", "the third"]) {
        const { search } = new URL(page.url());
        await page.getByRole("link", { name: "Older →" }).click();
        await page.waitForFunction((before) => location.search !== before, search);
        await page.locator("tr[data-run]").nth(49).waitFor();
      }
      expect(await countElements(page)).toBeLessThanOrEqual(MAX_ELEMENTS);
      await page.getByText("1 chosen, 1 not shown here").waitFor();
      const third = await page.locator("tr[data-run]").first().getAttribute("data-run");
      await page.getByRole("link", { name: "← Newer" }).click();
      await page.locator(`tr[data-run="${third}"]`).waitFor({ state: "detached" });
      await page.locator("tr[data-run]").nth(49).waitFor();
      await page.getByRole("link", { name: "Older →" }).click();
      await page.locator(`tr[data-run="${third}"]`).waitFor();
      expect(await page.locator("tr[data-run]").first().getAttribute("data-run")).toBe(third);
      await page.getByRole("link", { name: "Newest" }).click();
      await staysWhereItIsRead(page, () => fillTrueRun(sql, { tenant: "local", text: "one that came later" }));
      await page.getByRole("button", { name: "↑ 1 new" }).press("Enter");
      await page.getByText("one that came later").first().waitFor();
      await page.getByText("1 chosen", { exact: true }).waitFor();
      expect(await page.locator(`tr[data-run="${chosen}"]`).getByRole("checkbox").isChecked()).toBe(true);
    }));
}

/** While more cards come than are shown of one run, and an answer piece by piece. */
async function staysInTheMiddle(page: BrowserPage["page"], run: TrueRun): Promise<void> {
  // The card itself, whatever its number is afterwards.
  const card = await page
    .getByRole("log")
    .locator("[data-tool]")
    .nth(CARDS / 2)
    .elementHandle();
  await card?.evaluate((element) => element.scrollIntoView({ block: "center" }));
  expect(await fromTheEnd(page)).toBeGreaterThan(1_000);
  const before = await card?.boundingBox();
  expect(before).not.toBeNull();
  await run.append(stepsOf({ from: 5 * CARDS + 1, count: 5 * CARDS, atMs: Date.now() }));
  const step = `${10 * CARDS + 1} model`;
  await run.append([{ kind: "STEP_STARTED", step, payload: { summary: "Asking the model" } }, ...answering(step, 100)]);
  await page.getByRole("log").getByText("piece 100.").waitFor();
  await page.getByRole("button", { name: "↓ New below" }).waitFor();
  expect(await card?.boundingBox()).toEqual(before);
}

/** On a telephone, what leads to the end lies over nothing that the keys come to. */
async function coversNothing(page: BrowserPage["page"]): Promise<void> {
  await page.setViewportSize(NARROW);
  await page.getByRole("log").locator("[data-tool] summary").nth(CARDS).focus();
  await page.getByRole("button", { name: "↓ New below" }).waitFor();
  for (let stop = 0; stop < 20; stop += 1) {
    await page.keyboard.press("Tab");
    expect([stop, await coveredFocus(page)]).toEqual([stop, []]);
  }
  await page.setViewportSize(WIDE);
}

/** The events of an answer in so many pieces, each a paragraph. */
function answering(step: string, pieces: number): ToldEvent[] {
  const start = { delim: "start", stream: "s", seq: 0, tool: null, call_id: "s", content_type: "text/markdown" };
  const data = Array.from({ length: pieces }, (_, at): ToldEvent => {
    const piece = { stream: "s", seq: at + 1, data: `This is piece ${at + 1}.\n\n` };
    return { kind: "STREAM_DATA", step, payload: piece };
  });
  return [{ kind: "STREAM_START", step, payload: start }, ...data];
}

/** How many pixels of the chat are below what is seen of it. */
function fromTheEnd(page: BrowserPage["page"]): Promise<number> {
  return page
    .getByRole("log")
    .evaluate(({ scrollHeight, scrollTop, clientHeight }) => scrollHeight - scrollTop - clientHeight);
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
