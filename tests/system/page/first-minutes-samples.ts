import type { Locator, Page } from "playwright-core";
import { expect, it } from "vitest";
import { follows, reaches } from "./browser-page.ts";
import { takePictures } from "./first-minutes-pictures.ts";
import { isWhole } from "./first-minutes-screens.ts";
import type { Stage } from "./stage.ts";

const welcome = (page: Page) => page.getByRole("region", { name: "Run a sample" });
const cardOf = (page: Page, title: string) => welcome(page).getByRole("listitem").filter({ hasText: title });

async function toWelcome(page: Page, url: string): Promise<void> {
  await page.goto(`${url}/chat`);
  await cardOf(page, "Memory").waitFor();
}

/** Runs a sample from its card, and gives what the card says at its end. */
async function run(card: Locator): Promise<string> {
  await card.getByRole("button", { name: /^Run/ }).click();
  await card.getByText("Succeeded").waitFor();
  return (await card.locator("[aria-live]").innerText()).replace(/\s+/g, " ").trim();
}

/** From its card to the page of the run it has started. */
async function toItsRun(page: Page, card: Locator): Promise<void> {
  await card.getByRole("link", { name: "See every step" }).click();
  await reaches(page, "ENDED");
}

/** The page of the run that a card has started, in a tab of its own. */
async function looksWholeWhileItWaits(page: Page, card: Locator): Promise<void> {
  const path = await card.getByRole("link", { name: "See every step" }).getAttribute("href");
  const tab = await page.context().newPage();
  await tab.goto(new URL(path ?? "", page.url()).href);
  await follows(tab);
  await isWhole(tab, "approval", tab.locator("[data-approval]"));
  await takePictures(tab, "approval");
  await tab.close();
}

/** What the four cards of the first screen do, and the tour above them; the one about memory is run by keys alone elsewhere. */
export function runsEverySample(stage: () => Pick<Stage, "product" | "open">): void {
  it("say on each card that no AI answers, and keep the tour closed once it was closed", async () => {
    const { page } = stage().open;
    await toWelcome(page, stage().product.url());
    const cards = welcome(page).getByRole("listitem");
    expect(await cards.getByText("scripted: a set of rules, not an AI", { exact: true }).count()).toBe(4);
    const tour = page.getByRole("region", { name: "Tour" });
    expect(await tour.getByRole("listitem").getByRole("link").count()).toBe(3);
    await tour.getByRole("button", { name: "Close the tour" }).click();
    await page.reload();
    await tour.getByRole("button", { name: "Show the tour" }).waitFor();
    expect(await tour.getByRole("listitem").count()).toBe(0);
    await tour.getByRole("button", { name: "Show the tour" }).click();
    expect(await tour.getByRole("listitem").count()).toBe(3);
  });

  it("run the sample that tries again, and show the try that failed", async () => {
    const { page } = stage().open;
    await toWelcome(page, stage().product.url());
    const card = cardOf(page, "Research with a retry");
    expect(await run(card)).toMatch(/^Succeeded .*owls/i);
    await toItsRun(page, card);
    await page.getByRole("treeitem").filter({ hasText: "search" }).first().click();
    const tries = page.getByRole("complementary").getByRole("region", { name: "Attempts that failed" });
    expect(await tries.innerText()).toMatch(/Attempt 1 .*the library is closed; ask again/s);
  });

  it("run the sample that pays nothing before somebody approves, and pay once that is done", async () => {
    const { page } = stage().open;
    await toWelcome(page, stage().product.url());
    const card = cardOf(page, "A refund that waits for you");
    await card.getByRole("button", { name: "Run A refund" }).click();
    await card.getByText("Pay 40 back?").waitFor();
    expect(await card.getByRole("button", { name: /^Waits for you/ }).count()).toBe(1);
    await looksWholeWhileItWaits(page, card);
    await card.getByRole("button", { name: "Approve" }).click();
    await card.getByText("40 paid back").waitFor();
    await toItsRun(page, card);
    expect(await page.getByRole("treeitem").filter({ hasText: "pay_back" }).count()).toBeGreaterThan(0);
  });

  it("run the sample that does twelve things beside each other, each of which is a branch of the run", async () => {
    const { page } = stage().open;
    await toWelcome(page, stage().product.url());
    const card = cardOf(page, "Twelve look-ups at once");
    expect(await run(card)).toMatch(/^Succeeded \d+ in all/);
    await toItsRun(page, card);
    await page.getByRole("treeitem").filter({ hasText: "12 prices" }).first().waitFor();
  });

  it("are written in the font that comes with the product, and fetch nothing from elsewhere", async () => {
    const { page } = stage().open;
    await toWelcome(page, stage().product.url());
    expect(await page.evaluate(loadedFonts)).toEqual(["Inter Variable"]);
    for (const place of ["h1", "nav a", "main p", "main button"])
      expect([place, await drawnWith(page, place)]).toEqual([place, [{ family: "Inter", own: true }]]);
    const origins = await page.evaluate(() =>
      performance.getEntriesByType("resource").map(({ name }) => new URL(name).origin),
    );
    expect([...new Set(origins)]).toEqual([stage().product.url()]);
  });
}

async function loadedFonts(): Promise<string[]> {
  await document.fonts.ready;
  const loaded = [...document.fonts].filter(({ status }) => status === "loaded");
  return [...new Set(loaded.map(({ family }) => family.replaceAll('"', "")))];
}

/** The fonts that the browser really took for the words of an element. */
async function drawnWith(page: Page, selector: string): Promise<{ family: string; own: boolean }[]> {
  const cdp = await page.context().newCDPSession(page);
  await cdp.send("DOM.enable");
  await cdp.send("CSS.enable");
  const { root } = await cdp.send("DOM.getDocument");
  const { nodeId } = await cdp.send("DOM.querySelector", { nodeId: root.nodeId, selector });
  const { fonts } = await cdp.send("CSS.getPlatformFontsForNode", { nodeId });
  await cdp.detach();
  return fonts.map(({ familyName, isCustomFont }) => ({ family: familyName, own: isCustomFont }));
}
