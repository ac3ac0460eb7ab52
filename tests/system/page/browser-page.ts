import axe from "axe-core";
import type { Browser, BrowserContext, BrowserContextOptions, Page } from "playwright-core";
import { expect } from "vitest";
import { findUnreadable } from "./find-unreadable.ts";

export const WIDE = { width: 1360, height: 850 };
export const MEDIUM = { width: 768, height: 1024 };
export const NARROW = { width: 360, height: 720 };
const NARROWEST = { width: 320, height: 640 };
const SIZES = [WIDE, MEDIUM, NARROW, NARROWEST];
export const THEMES = ["light", "dark"] as const;

/** Every one, for whatever is looked at: what is fine in one of them says nothing of another. */
const LOOKS = SIZES.flatMap((size) => THEMES.map((colorScheme) => ({ colorScheme, size })));

/** A page, and what it did that it should not: faults of scripts, of the policy, and requests to other places. */
export interface BrowserPage {
  page: Page;
  context: BrowserContext;
  faults: string[];
}

/** What a browser itself tells of connections that it did not get, or lost. */
const OF_CONNECTIONS = /^WebSocket connection to \S+ failed|^Failed to load resource: net::ERR_/;

/** Takes what a page did that it should not, for who had connections refused or cut: that it lost them is no fault of it. */
export function takeFaults({ faults }: BrowserPage): string[] {
  return faults.splice(0).filter((fault) => !OF_CONNECTIONS.test(fault));
}

export async function openPage(browser: Browser, options: BrowserContextOptions = {}): Promise<BrowserPage> {
  const context = await browser.newContext({ viewport: WIDE, ...options });
  // Shorter than a test may take, so that what was waited for is told.
  context.setDefaultTimeout(30_000);
  const page = await context.newPage();
  const faults: string[] = [];
  // Of every tab that is opened in it.
  context.on("weberror", (error) => faults.push(String(error.error())));
  context.on("console", (line) => line.type() === "error" && faults.push(line.text()));
  context.on("request", (request) => {
    if (new URL(request.url()).hostname !== "127.0.0.1") faults.push(`it asks ${request.url()}`);
  });
  return { page, context, faults };
}

export async function ask(page: Page, text: string): Promise<void> {
  const asked = page.getByRole("article");
  const before = await asked.count();
  await page.getByLabel("Message", { exact: true }).fill(text);
  await page.keyboard.press("Enter");
  await page.waitForFunction((count) => document.querySelectorAll("article").length > count, before);
}

/** Waits until the live indicator, which never claims more than is true, is in this state. */
export async function reaches(page: Page, state: string): Promise<void> {
  await page.locator(`[data-live-state="${state}"]`).waitFor();
}

/** Waits until a run that goes on is known up to its newest event. */
export async function follows(page: Page): Promise<void> {
  await page.locator(":is([data-live-state=LIVE], [data-live-state=QUIET])").waitFor();
}

export async function answered(page: Page, text: string): Promise<void> {
  await ask(page, text);
  await reaches(page, "ENDED");
}

/** Chooses a part of the page, where there is room for one only. */
export async function choose(page: Page, part: "Conversations" | "Chat" | "Steps"): Promise<void> {
  await page.getByRole("navigation", { name: "Parts of the page" }).getByRole("button", { name: part }).click();
}

/** What axe finds against WCAG 2 A and AA and good practice, with the smallest size of what is pressed. */
export async function findFaults(page: Page): Promise<string[]> {
  if (!(await page.evaluate(() => "axe" in window))) await page.evaluate(axe.source);
  const { violations, incomplete } = await page.evaluate(() =>
    (window as unknown as { axe: typeof axe }).axe.run(document, {
      rules: { "target-size": { enabled: true } },
      // Telling of what is fine as well takes a third of the time.
      resultTypes: ["violations", "incomplete"],
    }),
  );
  const undecided = incomplete.filter(({ id }) => id === "color-contrast").flatMap(({ nodes }) => nodes);
  const places = undecided.flatMap(({ target: [place] }) => (typeof place === "string" ? [place] : []));
  const found = violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html.slice(0, 200)}`));
  return [...found, ...(await page.evaluate(findUnreadable, places))];
}

export function countElements(page: Page): Promise<number> {
  return page.evaluate(() => document.querySelectorAll("*").length);
}

/** How many pixels the document can be scrolled sideways. */
export function sideways(page: Page): Promise<number> {
  return page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
}

/** That nothing is wrong at each width and in each theme; what is found is told with where it was. */
export async function looksFine(page: Page): Promise<void> {
  for (const { colorScheme, size } of LOOKS) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await page.setViewportSize(size);
    const found = [colorScheme, size.width, await findFaults(page), await sideways(page)];
    expect(found).toEqual([colorScheme, size.width, [], 0]);
  }
  await page.setViewportSize(WIDE);
}

/** What has the focus, by its id or its words; "nothing" when it fell to the root of the page. */
export function focused(page: Page): Promise<string> {
  return page.evaluate(() => {
    const { activeElement, body } = document;
    if (activeElement === body) return "nothing";
    return activeElement?.id || (activeElement?.getAttribute("aria-label") ?? activeElement?.textContent ?? "");
  });
}

/** More stops no page has. */
const MOST_STOPS = 150;

/** Presses Tab until what has the focus says this. */
export async function tabTo(page: Page, words: RegExp, key: "Tab" | "Shift+Tab" = "Tab"): Promise<void> {
  const passed: string[] = [];
  while (passed.length < MOST_STOPS) {
    await page.keyboard.press(key);
    const here = await focused(page);
    if (words.test(here)) return;
    passed.push(here);
  }
  expect.unreachable(`nothing that says ${words} was reached, but ${passed.join(" | ")}`);
}
