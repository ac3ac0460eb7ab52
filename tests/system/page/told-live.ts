import type { Page } from "playwright-core";

/** Keeps everything that the live indicator of a page says; it runs in the page, before all else. */
export function noteLiveWords(): void {
  const told: string[] = [];
  Object.assign(window, { told });
  const look = (): void => {
    const words = document.querySelector<HTMLElement>("[data-live-state]");
    const now = `${words?.dataset.liveState} ${words?.textContent}`;
    if (words !== null && told.at(-1) !== now) told.push(now);
  };
  new MutationObserver(look).observe(document, {
    subtree: true,
    childList: true,
    characterData: true,
    attributes: true,
  });
}

/** What the live indicator has said, each state with its words. */
export function told(page: Page): Promise<string[]> {
  return page.evaluate(() => (window as unknown as { told: string[] }).told);
}

/** What the indicator knows, by the words beside it. */
export async function factsOf(page: Page): Promise<Record<string, string>> {
  const facts = await page
    .locator("[popover] dl > div")
    .evaluateAll((rows) => rows.map((row) => [...row.children].map(({ textContent }) => textContent ?? "")));
  return Object.fromEntries(facts.map(([word, value]) => [word ?? "", value ?? ""]));
}
