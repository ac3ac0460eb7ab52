import { findTestBrowser } from "@soma/local/test-browser";
import { chromium, type Locator } from "playwright-core";
import { expect, it } from "vitest";
import type { TrueRun } from "../../../subgraphs/runs/testing/fill-true-run.ts";
import { withDatabase } from "../product-database.ts";
import { fillEverySort } from "./accessible-run.ts";
import {
  type BrowserPage,
  findFaults,
  focused,
  LOOKS_IN_TURN,
  looksFine,
  MEDIUM,
  NARROW,
  openPage,
  reaches,
  sideways,
  WIDE,
} from "./browser-page.ts";
import type { Stage } from "./stage.ts";

type Page = BrowserPage["page"];

/** Something to see: its path, with the id of a run in it, what leads to it from there, and what is there then. */
interface Screen {
  what: string;
  path: string;
  press?: string;
  keys?: readonly string[];
  shown(page: Page): Locator;
}

const dialog = (page: Page): Locator => page.getByRole("dialog").getByRole("button").last();
const says = (words: string | RegExp) => (page: Page) => page.getByText(words).first();
const SCREENS: readonly Screen[] = [
  { what: "the agents", path: "/agents", shown: says("Choose an agent.") },
  { what: "an agent that is not there", path: "/agents/nobody", shown: says("There is no agent nobody.") },
  {
    what: "a run that is not there",
    path: "/runs/01920000-0000-7000-8000-000000000009",
    shown: says("There is no run"),
  },
  { what: "a list with nothing in it", path: "/runs?text=nobody+asked+this", shown: says("No runs match") },
  { what: "the dialog of canceling", path: "/runs/ASKED", press: "Cancel…", shown: dialog },
  { what: "the dialog of forking", path: "/runs/ENDED", press: "Fork…", shown: dialog },
  {
    what: "the dialog of rolling back",
    path: "/runs/ENDED?view=state&seq=1",
    press: "Roll back to here…",
    shown: dialog,
  },
  { what: "the dialog of a new name", path: "/runs/ENDED?view=chat", press: "Rename…", shown: dialog },
  { what: "the dialog of an export", path: "/runs/ENDED?view=chat", press: "Export…", shown: dialog },
  { what: "the keys", path: "/runs/ENDED", keys: ["?"], shown: dialog },
  { what: "the palette", path: "/runs/ENDED", keys: ["Control+k"], shown: (page) => page.getByRole("listbox") },
];

/** What the page promises those who listen to it, who use its keys, and who see it in colours of the system. */
export function servesEveryone(stage: () => Stage): void {
  let asked: TrueRun;
  let ended: string;
  const open = async ({ path, press, keys = [], shown }: Screen): Promise<Page> => {
    const { page } = stage().open;
    await page.goto(stage().door.url + path.replace("ASKED", asked.runId).replace("ENDED", ended));
    if (path.includes("ENDED")) await reaches(page, "ENDED");
    if (press !== undefined) await page.getByRole("button", { name: press, exact: true }).first().press("Enter");
    for (const key of keys) await page.keyboard.press(key);
    await shown(page).waitFor();
    return page;
  };

  it("has no fault that axe finds where a run asks a person, beside a step that failed", () =>
    withDatabase(stage().product.dataDir, "runs", async ({ sql }) => {
      const { page } = stage().open;
      ended = await stage().product.send("Run code: throw new Error('no')");
      await stage().product.ended(ended);
      asked = await fillEverySort(sql);
      await open({ what: "", path: "/runs/ASKED?step=6", shown: says("no answer") });
      await page.getByRole("button", { name: "Approve" }).waitFor();
      await looksFine(page, LOOKS_IN_TURN);
    }));

  it.each(SCREENS)("has no fault that axe finds with $what", async (screen) =>
    looksFine(await open(screen), LOOKS_IN_TURN),
  );

  it("is seen in the colours of a system that has its own: icons, bars, what is chosen, and lines of a graph", async () => {
    const page = await open({ what: "", path: "/runs/ASKED?step=6", shown: says("no answer") });
    await page.emulateMedia({ forcedColors: "active", colorScheme: "dark" });
    try {
      expect(await unseen(page, "main svg", "stroke")).toEqual([]);
      expect(await unseen(page, "[data-step] [data-going]", "border-top-color")).toEqual([]);
      expect(await unseen(page, "[aria-selected=true]", "outline-color")).toEqual([]);
      await open({
        what: "",
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
        "/chat",
        "/runs",
        "/agents/assistant",
        `/runs/${ended}?step=5`,
        `/runs/${ended}?view=graph`,
      ]) {
        await page.goto(stage().door.url + path);
        await page.getByRole("heading", { level: 1 }).waitFor();
        expect([path, await findFaults(page)]).toEqual([path, []]);
        for (const size of [MEDIUM, WIDE]) {
          await page.setViewportSize(size);
          expect([path, size.width, await sideways(page)]).toEqual([path, size.width, 0]);
        }
      }
      await page.goto(`${stage().door.url}/runs/${ended}`);
      const line = page.locator("[data-step]").first();
      await line.waitFor();
      expect([2 * 28, 2 * 48]).toContain((await line.boundingBox())?.height);
      expect(await page.evaluate(() => getComputedStyle(document.body).fontSize)).toBe("28px");
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
      await open({ what: "", path: "/runs", shown: (there) => there.locator("tr[data-run]").first() });
      for (const key of [..."jjjjjjjjjjjjjjjjjjjjjjjjkkkkkkkkkkkkkkkkkkkk"]) {
        await page.keyboard.press(key);
        expect([await focused(page), await isCovered(page)]).toEqual([await focused(page), false]);
      }
    },
  );
}

/** The same signed-in person in a browser whose texts have so many pixels: 16 is usual. */
async function withTexts(pixels: number, { context }: BrowserPage): Promise<BrowserPage> {
  const found = await findTestBrowser();
  const executablePath = "program" in found ? found.program : "";
  const browser = await chromium.launch({ executablePath, args: [`--blink-settings=defaultFontSize=${pixels}`] });
  return openPage(browser, { storageState: await context.storageState() });
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

/** Whether something lies over what has the focus, or it is beyond the edge. */
function isCovered(page: Page): Promise<boolean> {
  return page.evaluate(() => {
    const { activeElement } = document;
    // A link may have several lines.
    const lines = [...(activeElement?.getClientRects() ?? [])];
    return !lines.every(({ left, right, top, bottom }) =>
      [top + 2, bottom - 2].every((y) => activeElement?.contains(document.elementFromPoint((left + right) / 2, y))),
    );
  });
}
