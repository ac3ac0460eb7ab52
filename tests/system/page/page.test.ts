import { findTestBrowser } from "@soma/local/test-browser";
import { until } from "@soma/shared/testing/until";
import { type Browser, chromium, type Response } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { createProduct, type ProductUnderTest } from "../product.ts";
import { servesEveryone } from "./accessible.ts";
import { isTold } from "./accessible-words.ts";
import { startsAgentsAndAsksTheApi } from "./agents-and-api.ts";
import { decidesWhatRunsAsk } from "./approvals.ts";
import { staysSmallAtSize } from "./at-size.ts";
import {
  answered,
  ask,
  type BrowserPage,
  choose,
  findFaults,
  focused,
  looksFine,
  MEDIUM,
  NARROW,
  openPage,
  reaches,
  sideways,
  THEMES,
  takeFaults,
  WIDE,
} from "./browser-page.ts";
import { goesAnotherWay } from "./chat.ts";
import { opensDialogsForEveryone } from "./dialogs.ts";
import { type Door, makeDoor } from "./door.ts";
import { goesOnAsSaid } from "./goes-on.ts";
import { drawsAnswersAsWords } from "./hostile-answer.ts";
import { holdsStill } from "./less-motion.ts";
import { fitsATelephone } from "./narrow.ts";
import { servesWhoeverWaits } from "./no-answer.ts";
import { isWholeWithoutAPart } from "./part-away.ts";
import { saysWhereOneIs } from "./places.ts";
import { showsOneRun } from "./run-page.ts";
import { keepsRunsNew, showsRuns } from "./runs-page.ts";

const found = await findTestBrowser();
const title = "missing" in found ? `the page (not run here: ${found.missing})` : "the page";

describe.skipIf("missing" in found)(title, () => {
  let product: ProductUnderTest;
  let door: Door;
  let browser: Browser;
  let open: BrowserPage;

  beforeAll(async () => {
    product = await createProduct();
    await product.start();
    door = await makeDoor(product.url());
    browser = await chromium.launch({ executablePath: "program" in found ? found.program : "" });
    open = await openPage(browser);
  });
  afterAll(async () => {
    await browser.close();
    await door.shut();
    await product.close();
  });
  afterEach(async () => {
    expect(open.faults.splice(0)).toEqual([]);
    await open.page.setViewportSize(WIDE);
  });

  it("is signed in by the link that the start printed, and comes compressed", async () => {
    const { page } = open;
    const link = await until("a link is printed", () => /Open +(http\S+)/.exec(product.output())?.[1]);
    const scripts: Response[] = [];
    page.on("response", (response) => void (/\/assets\/.+\.js$/.test(response.url()) && scripts.push(response)));
    await page.goto(link);
    await page.getByLabel("Message", { exact: true }).waitFor();
    expect(new URL(page.url()).hash).toBe("");
    const sizes = await Promise.all(
      scripts.map(async (script) => {
        const { responseBodySize: bytes } = await script.request().sizes();
        return { bytes, encoding: script.headers()["content-encoding"] ?? "none" };
      }),
    );
    // A small one is not worth it.
    expect(sizes.filter(({ bytes, encoding }) => bytes >= 1_024 && !/^(?:br|gzip)$/.test(encoding))).toEqual([]);
    expect(sizes.length).toBeGreaterThan(0);
    // From here on by a way that can be shut.
    await page.goto(door.url);
  });

  describe.each([
    ["an empty conversation", async () => {}],
    [
      "a conversation with tools, a long code and the steps",
      async () => {
        await answered(
          open.page,
          "Run code: console.log(Array.from({length: 80}, (_, n) => 'x'.repeat(n)).join('\\n'))",
        );
        await answered(open.page, "Run code: throw new Error('x'.repeat(500))");
      },
    ],
    ["a place that is not there", () => open.page.goto(`${door.url}/nowhere`)],
  ])("with %s", (_name, go) => {
    beforeAll(async () => void (await go()));

    it.each(THEMES)("has no fault that axe finds, wide and narrow, %s", async (colorScheme) => {
      const { page } = open;
      await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      for (const size of [WIDE, MEDIUM]) {
        await page.setViewportSize(size);
        expect([size.width, await findFaults(page)]).toEqual([size.width, []]);
      }
      await page.setViewportSize(NARROW);
      const hasSteps = await page.getByRole("button", { name: "Steps", exact: true }).isVisible();
      for (const part of ["Conversations", ...(hasSteps ? ["Steps" as const] : []), "Chat"] as const) {
        await choose(page, part);
        expect([part, await findFaults(page), await sideways(page)]).toEqual([part, [], 0]);
      }
    });
  });

  it("answers, and says how that is known", async () => {
    const { page } = open;
    await page.goto(door.url);
    await answered(page, "What is 37*12?");
    expect(await page.getByRole("log").innerText()).toContain("37*12 = 444.");
    expect(await page.title()).toBe("What is 37*12? · soma");
    await page.getByRole("button", { name: /Finished · all \d+ events verified/ }).click();
    expect(await page.getByText("How this is known").isVisible()).toBe(true);
    expect(await findFaults(page)).toEqual([]);
    await page.keyboard.press("Escape");
  });

  it("shows list and chat in turns where it is narrow, and leads to the chat by each way", async () => {
    const { page } = open;
    await page.setViewportSize({ width: 320, height: 640 });
    const [list, log] = [page.getByRole("link", { name: "New conversation" }), page.getByRole("log")];
    const shown = async () => [await list.isVisible(), await log.isVisible(), await sideways(page)];
    expect(await shown()).toEqual([false, true, 0]);
    await choose(page, "Conversations");
    expect(await shown()).toEqual([true, false, 0]);
    // A heading, and what is said aloud, are there whichever part is shown.
    expect(await page.getByRole("heading", { level: 1 }).count()).toBe(1);
    expect(await page.getByRole("status").count()).toBe(1);
    await page.getByRole("navigation", { name: "Conversations" }).locator("[aria-current=page]").first().click();
    expect(await shown()).toEqual([false, true, 0]);
    await choose(page, "Steps");
    expect(await page.getByRole("status").count()).toBe(1);
    await page.getByRole("link", { name: "Skip to content" }).press("Enter");
    expect(await shown()).toEqual([false, true, 0]);
    expect(await focused(page)).toBe("main");
  });

  it("can be used by keys alone, and shows where they are", async () => {
    const { page } = open;
    const stops: string[] = [];
    await page.reload();
    await reaches(page, "ENDED");
    const all = await page.evaluate(() => {
      const able = "a[href], button, select, textarea, input, summary, [tabindex='0']";
      return [...document.querySelectorAll<HTMLElement>(able)].filter((each) => each.checkVisibility()).length;
    });
    for (let stop = 0; stop < all; stop += 1) {
      await page.keyboard.press("Tab");
      const marked = await page.evaluate(() => {
        const isMarked = (each: Element | null): boolean => {
          const { outlineStyle, outlineWidth } = getComputedStyle(each ?? document.body);
          return outlineStyle !== "none" && Number.parseFloat(outlineWidth) >= 2;
        };
        const { activeElement } = document;
        // The message's frame stands for the field in it.
        return isMarked(activeElement) || (activeElement?.id === "message" && isMarked(activeElement.parentElement));
      });
      stops.push(await focused(page));
      expect([stops.at(-1), marked]).toEqual([stops.at(-1), true]);
    }
    expect(stops).toEqual(expect.arrayContaining(["Skip to content", "Conversation", "message", "Steps of the run"]));
    await page.keyboard.press("Tab");
    expect(await focused(page)).not.toBe(stops.at(-1));
  });

  it("counts the time of what runs, and gives the focus to the message after Send and Stop", async () => {
    const { page } = open;
    await page.getByLabel("Message", { exact: true }).fill("Run code: await sleep(60000)");
    await page.getByRole("button", { name: "Send" }).press("Enter");
    await page.locator("[data-tool=code_run][data-status=RUNNING]").waitFor();
    expect(await focused(page)).toBe("message");
    for (const clock of [page.getByRole("log"), page.getByRole("complementary")].map((part) =>
      part.locator("[data-elapsed]").last(),
    )) {
      const first = await clock.innerText();
      await until("the clock goes on", async () => (await clock.innerText()) !== first);
      expect(`${first} ${await clock.innerText()}`).toMatch(/^0:\d\d 0:\d\d$/);
    }
    expect(await findFaults(page)).toEqual([]);
    await page.getByRole("button", { name: "Stop" }).press("Enter");
    expect(await focused(page)).toBe("message");
    await reaches(page, "ENDED");
    expect(await focused(page)).toBe("message");
    expect(await page.locator("[data-elapsed]").count()).toBe(0);
    expect(await page.getByRole("complementary").innerText()).toContain("Canceled");
  });

  it("says both of two answers that follow each other", async () => {
    const { page } = open;
    const said = page.getByRole("status");
    await answered(page, "What is 40+1?");
    await answered(page, "What is 50+1?");
    await until("both are said", async () => {
      const texts = await said.innerText();
      return texts.includes("40+1 = 41.") && texts.includes("50+1 = 51.");
    });
  });

  it("shows what hides in a message, in output and in an answer, and code with fences in it whole", async () => {
    const { page } = open;
    const message = "Run code: console.log('```\\n~~~~\\n\u202ebackwards\\n````')";
    await answered(page, message);
    const turn = page.getByRole("article").last();
    const shown = ["```", "~~~~", "⟨U+202E⟩backwards", "````"].join("\n");
    expect(await turn.getByText("You").locator("..").innerText()).toContain(message.replace("\u202e", "⟨U+202E⟩"));
    for (const name of ["Output of code_run", "Code"])
      expect((await turn.getByRole("figure", { name, exact: true }).innerText()).trim()).toBe(shown);
    expect(await page.evaluate(() => document.documentElement.outerHTML.includes("\u202e"))).toBe(false);
  });

  it("tells that the server is away, tries again within 2 s and when asked to, and goes on by itself", async () => {
    const { page } = open;
    // The longest wait each time, so that the limit is what is seen.
    await page.addInitScript(() => {
      Math.random = () => 0.999_999;
    });
    await page.goto(door.url);
    await ask(page, "Run code: await sleep(4000); console.log('all the same')");
    await page.locator("[data-tool=code_run][data-status=RUNNING]").waitFor();
    await door.shut();
    const away = page.locator("[data-live-state=RECONNECTING]");
    for (let tries = 2; tries < 8; tries += 1) {
      await away.filter({ hasText: `(try ${tries}, in ` }).waitFor();
      const [, seconds] = /in (\d+\.\d) s/.exec(await away.innerText()) ?? [];
      expect(Number(seconds)).toBeLessThanOrEqual(2);
      if (tries < 7) await page.getByRole("button", { name: "Retry now" }).press("Enter");
    }
    expect(await focused(page)).toBe("Retry now");
    await looksFine(page);
    await door.open();
    await reaches(page, "ENDED");
    expect(await page.getByRole("log").innerText()).toContain("all the same");
    expect(await focused(page)).toMatch(/events verified/);
    expect(takeFaults(open)).toEqual([]);
  });

  describe("with a conversation that goes another way", () => goesAnotherWay(() => ({ product, door, open })));

  describe("with the list of runs", () => {
    showsRuns(() => ({ product, door, open }));
    keepsRunsNew(() => ({ product, door, open }));
  });

  describe("with what runs ask a person", () => decidesWhatRunsAsk(() => ({ product, door, open })));

  describe("with agents and the API", () => startsAgentsAndAsksTheApi(() => ({ product, door, open })));

  describe("with one run", () => {
    showsOneRun(() => ({ product, door, open }));
    goesOnAsSaid(() => ({ product, door, open }));
  });

  describe("with dialogs", () => opensDialogsForEveryone(() => ({ product, door, open })));

  describe("for everyone", () => {
    saysWhereOneIs(() => ({ product, door, open }));
    servesEveryone(() => ({ product, door, open }));
    fitsATelephone(() => ({ product, door, open }));
    holdsStill(() => ({ product, door, open }));
    isTold(() => ({ product, door, open }));
  });

  describe("with hostile words, no answer, and a part that is away", () => {
    drawsAnswersAsWords(() => ({ product, door, open }));
    servesWhoeverWaits(() => ({ product, door, open }));
    isWholeWithoutAPart(() => ({ product, door, open }));
  });

  describe("with what is much longer than a screen", () => staysSmallAtSize(() => ({ product, door, open })));

  it("leads to a way in where nobody is signed in", async () => {
    const stranger = await openPage(browser, { viewport: NARROW });
    await stranger.page.goto(door.url);
    await stranger.page.getByRole("heading", { name: "Sign in" }).waitFor();
    await stranger.page.getByText(`npx soma --data ${product.dataDir} signin`).waitFor();
    expect([await stranger.page.title(), await stranger.page.locator("h1").count()]).toEqual(["Sign in · soma", 1]);
    await looksFine(stranger.page);
    await stranger.context.close();
  });
});
