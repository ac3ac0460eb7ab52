import type { Locator, Page } from "playwright-core";
import { expect, it } from "vitest";
import { findFaults, focused, looksFine, NARROW, reaches, sideways, takeFaults, WIDE } from "./browser-page.ts";
import type { Stage } from "./stage.ts";

const rowsOf = (page: Page) => page.locator("tr[data-run]");
/** As when the reader comes back to the page: it asks at once and not at its next beat. */
const look = (page: Page) => page.evaluate(() => document.dispatchEvent(new Event("visibilitychange")));

const hasFocus = (link: Locator) => link.evaluate((element) => element === document.activeElement);

/** What the list of runs promises. */
export function showsRuns(stage: () => Stage): void {
  it("goes to the runs by keys alone, finds one by its words, opens it and a step of it, and comes back", async () => {
    const { page } = stage().open;
    await page.goto(`${stage().door.url}/chat`);
    await page.getByRole("heading", { level: 1 }).waitFor();
    await page.getByRole("link", { name: "Skip to content" }).focus();
    for (const key of ["g", "r"]) await page.keyboard.press(key);
    await rowsOf(page).first().waitFor();
    expect([new URL(page.url()).pathname, await focused(page), await page.title()]).toEqual([
      "/runs",
      "Runs",
      "Runs · soma",
    ]);
    const all = await rowsOf(page).count();
    await page.keyboard.press("/");
    await page.keyboard.type("IS 37*12");
    await page.keyboard.press("Enter");
    await page.waitForURL(/\?text=/);
    await page.waitForFunction((before) => document.querySelectorAll("tr[data-run]").length < before, all);
    const link = rowsOf(page).first().getByRole("link", { name: "What is 37*12?" });
    await link.press("Enter");
    await reaches(page, "ENDED");
    await page.getByRole("tree").focus();
    for (const key of ["ArrowDown", "Enter"]) await page.keyboard.press(key);
    await page.locator("[data-step][aria-selected=true]").waitFor();
    expect(page.url()).toMatch(/\/runs\/[\w-]+\?step=2$/);
    await page.reload();
    expect(await page.locator("[aria-selected=true]").getAttribute("data-step")).toBe("2");
    const found = () => page.getByRole("searchbox").inputValue();
    for (const _step of ["the run", "the list"]) await page.goBack();
    await rowsOf(page).first().waitFor();
    expect([new URL(page.url()).search, await found()]).toEqual(["?text=IS+37*12", "IS 37*12"]);
    for (const _step of ["the run", "its step"]) await page.goForward();
    await page.getByRole("complementary", { name: "Step 2" }).waitFor();
    expect(await page.locator("[data-step][aria-selected=true]").getAttribute("data-step")).toBe("2");
    for (const _step of ["the run", "the list"]) await page.goBack();
    await rowsOf(page).first().waitFor();
    expect(await found()).toBe("IS 37*12");
  });

  it("says what no run matches, and which words lead back", async () => {
    const { page } = stage().open;
    await page.getByLabel("Status").selectOption("paused");
    await page.getByText("No runs match: Paused, “IS 37*12”.").waitFor();
    expect(new URL(page.url()).search).toBe("?status=paused&text=IS+37*12");
    expect(await findFaults(page)).toEqual([]);
    await page.getByRole("link", { name: "Show all runs" }).click();
    await rowsOf(page).first().waitFor();
  });

  it("has no fault that axe finds, at each width, light and dark", () => looksFine(stage().open.page));

  it.each([
    ["the palette", "Control+k", "Search or jump", WIDE],
    ["the keys", "?", "Keys", NARROW],
  ])("opens %s by its key, and gives the focus back", async (_name, key, label, size) => {
    const { page } = stage().open;
    await page.setViewportSize(size);
    const first = rowsOf(page).first().getByRole("link").first();
    await first.focus();
    const held = await focused(page);
    await page.keyboard.press(key);
    await page.getByRole("dialog", { name: label }).waitFor();
    expect([await findFaults(page), await sideways(page)]).toEqual([[], 0]);
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "detached" });
    expect(await focused(page)).toBe(held);
  });

  it("leads by the palette to a run whose id is pasted", async () => {
    const { page } = stage().open;
    const runId = (await rowsOf(page).last().getAttribute("data-run")) ?? "";
    await page.keyboard.press("Control+k");
    await page.keyboard.insertText(runId);
    await page.keyboard.press("Enter");
    await reaches(page, "ENDED");
    expect(new URL(page.url()).pathname).toBe(`/runs/${runId}`);
    for (const key of ["g", "r"]) await page.keyboard.press(key);
    await rowsOf(page).first().waitFor();
  });
}

/** What it promises while runs come and go, and the server too. */
export function keepsRunsNew(stage: () => Stage): void {
  it("tells of a new run without moving what is read, counts its time, and cancels it after saying so", async () => {
    const { page } = stage().open;
    const before = await rowsOf(page).count();
    const read = rowsOf(page).first().getByRole("link").first();
    await read.focus();
    const runId = await stage().product.send("Run code: await sleep(60000)");
    await look(page);
    const news = page.getByRole("button", { name: "↑ 1 new" });
    await news.waitFor();
    expect([await rowsOf(page).count(), await hasFocus(read)]).toEqual([before, true]);
    await news.press("Enter");
    const row = page.locator(`tr[data-run="${runId}"]`);
    await row.locator("td > [data-elapsed]").waitFor();
    await row.getByRole("checkbox").check();
    await rowsOf(page).nth(1).getByRole("checkbox").check();
    await page.getByRole("button", { name: "Cancel…" }).press("Enter");
    const dialog = page.getByRole("dialog", { name: "Cancel runs" });
    await dialog.getByText("1 of 2 would be canceled; 1 already finished.").waitFor();
    await looksFine(page);
    await dialog.getByRole("button", { name: "Cancel 1 run", exact: true }).press("Enter");
    await dialog.waitFor({ state: "detached" });
    await stage().product.ended(runId);
    await look(page);
    await row.locator("td > [data-status=CANCELED]").waitFor();
  });

  it("keeps the list while the server is away, says so, and is new again afterwards", async () => {
    const { door, open } = stage();
    const { page } = open;
    await door.shut();
    await look(page);
    await page.locator("[data-old=RECONNECTING]").first().waitFor();
    await page.locator("[data-health=RECONNECTING]").waitFor();
    expect(await rowsOf(page).count()).toBeGreaterThan(0);
    await looksFine(page);
    await door.open();
    await page.getByRole("button", { name: "Try now" }).press("Enter");
    await page.locator("[data-old]").first().waitFor({ state: "detached" });
    await look(page);
    await page.locator("[data-health=NORMAL]").waitFor();
    expect(takeFaults(open)).toEqual([]);
  });
}
