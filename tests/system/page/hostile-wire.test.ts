import { setInterval as every } from "node:timers/promises";
import { findTestBrowser } from "@soma/local/test-browser";
import { until } from "@soma/shared/testing/until";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { createProduct, type ProductUnderTest } from "../product.ts";
import { type BrowserPage, openPage, reaches } from "./browser-page.ts";
import { type Door, makeDoor } from "./door.ts";

const found = await findTestBrowser();
const title = "missing" in found ? `a hostile wire (not run here: ${found.missing})` : "a hostile wire";

/** A run that says something again and again, for so long. */
const talking = (times: number, everyMs: number): string =>
  `Run code: for (let n = 1; n <= ${times}; n += 1) { console.log('line ' + n); await sleep(${everyMs}); }`;

/** What runs, fetches or moves wherever it is taken for more than words. */
const HOSTILE = [
  "told to run <script>window.ran = 1</script><svg onload='window.ran = 1'></svg>",
  "<img src='http://127.0.0.1:9/pixel.png' onerror='window.ran = 1'> ![pixel](http://127.0.0.1:9/pixel.png)",
  "[press](javascript:window.ran=1) <a href='javascript:window.ran=1'>press</a> <iframe src='http://127.0.0.1:9/'></iframe>",
].join(" ");

describe.skipIf("missing" in found)(title, () => {
  let product: ProductUnderTest;
  let door: Door;
  let browser: Browser;
  let open: BrowserPage;
  /** A finished run of many events. */
  let done: string;

  beforeAll(async () => {
    product = await createProduct();
    await product.start();
    door = await makeDoor(product.url());
    browser = await chromium.launch({ executablePath: "program" in found ? found.program : "" });
    open = await signIn(product.token());
    done = await product.send(talking(20, 60));
    await product.ended(done);
  });
  afterAll(async () => {
    await browser.close();
    await door.shut();
    await product.close();
  });
  afterEach(() => {
    door.change();
    door.refuseUpgrades(false);
  });

  /** A page with everything that its live indicator has ever said. */
  async function signIn(token: string): Promise<BrowserPage> {
    const opened = await openPage(browser);
    await opened.context.addCookies([{ name: "soma_session", value: token, url: door.url }]);
    await opened.context.addInitScript(() => {
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
    });
    return opened;
  }
  const told = (page: Page): Promise<string[]> => page.evaluate(() => (window as unknown as { told: string[] }).told);
  const chatOf = (runId: string): string => `${door.url}/runs/${runId}?view=chat`;
  const textOf = (page: Page): Promise<string> => page.getByRole("log").innerText();

  /** What the indicator knows, by the words beside it. */
  async function factsOf(page: Page): Promise<Record<string, string>> {
    const facts = await page
      .locator("[popover] dl > div")
      .evaluateAll((rows) => rows.map((row) => [...row.children].map(({ textContent }) => textContent ?? "")));
    return Object.fromEntries(facts.map(([word, value]) => [word ?? "", value ?? ""]));
  }

  /** What somebody sees who comes only now. */
  async function textAnew(runId: string): Promise<string> {
    const page = await open.context.newPage();
    await page.goto(chatOf(runId));
    await reaches(page, "ENDED");
    const text = await textOf(page);
    await page.close();
    return text;
  }

  it("says the same in a second tab, and after reloading in the middle of a run", async () => {
    const { page } = open;
    const runId = await product.send(talking(20, 60));
    await page.goto(chatOf(runId));
    await page.getByText("line 3").waitFor();
    await page.reload();
    const second = await open.context.newPage();
    await second.goto(chatOf(runId));
    for (const each of [page, second]) await reaches(each, "ENDED");
    expect(await textOf(page)).toContain("line 20");
    expect(await textOf(second)).toBe(await textOf(page));
    await second.close();
  });

  it("loses nothing, tells nothing twice and says verified when every socket is cut each 150 ms", async () => {
    const { page } = open;
    const runId = await product.send(talking(60, 100));
    await page.goto(chatOf(runId));
    const stopping = new AbortController();
    const cutting = (async () => {
      for await (const _ of every(150, undefined, { signal: stopping.signal })) door.cutSockets();
    })().catch(() => {});
    await product.ended(runId);
    stopping.abort();
    await cutting;
    await reaches(page, "ENDED");
    const facts = await factsOf(page);
    expect(Number(facts.Reconnects)).toBeGreaterThan(5);
    expect(facts["Events verified"]).toBe(facts["Newest event on the server"]);
    expect((await told(page)).at(-1)).toBe(`ENDED Finished · all ${facts["Events verified"]} events verified`);
    expect(await textOf(page)).toBe(await textAnew(runId));
  });

  it("repairs one event that is lost on the way, and is live again", async () => {
    const { page } = open;
    const runId = await product.send(talking(40, 100));
    let dropped = 0;
    door.change((text) => {
      const message = JSON.parse(text) as Next;
      const { events = [] } = message.payload?.data?.runEvents ?? {};
      if (dropped > 0 || !events.some(({ seq }) => seq > 12)) return text;
      dropped = events.pop()?.seq ?? 0;
      return JSON.stringify(message);
    });
    await page.goto(chatOf(runId));
    await until("one is lost", () => dropped > 0);
    await until("it is repaired", async () => (await factsOf(page))["Gaps repaired"] === "1");
    await reaches(page, "LIVE");
    expect((await told(page)).filter((words) => words.startsWith("REPAIRING"))).not.toEqual([]);
    await reaches(page, "ENDED");
    expect(await textOf(page)).toBe(await textAnew(runId));
  });

  it("never says verified of a run of which one byte is changed on the way, but that it is broken", async () => {
    const { page } = open;
    door.change((text) => text.replace("line 7", "line 8"));
    await page.goto(chatOf(done));
    await reaches(page, "BROKEN");
    const said = await told(page);
    expect(said.at(-1)).toMatch(/^BROKEN .*event \d+ does not/i);
    expect(said.filter((words) => words.includes("verified"))).toEqual([]);
    expect(await page.locator("[data-stale=true]").count()).toBeGreaterThan(0);
    expect(await textOf(page)).not.toContain("line 8");
  });

  it("mutes what it shows and says as of when, once nothing is heard any more", async () => {
    const { page } = await signIn(product.token());
    await page.clock.install();
    const runId = await product.send("Run code: await sleep(60000)");
    await page.goto(chatOf(runId));
    await reaches(page, "LIVE");
    await page.locator("[data-stale=false]").first().waitFor();
    door.change((text) => (text.includes('"next"') ? undefined : text));
    await page.clock.fastForward(13_000);
    await reaches(page, "STALE");
    await page.locator("[data-stale=true]").first().waitFor();
    expect((await told(page)).at(-1)).toMatch(/^STALE Not updating for 1\d s · showing data as of \d\d?:\d\d:\d\d/);
    door.change();
    await page.clock.fastForward(13_000);
    await reaches(page, "QUIET");
    await page.locator("[data-stale=false]").first().waitFor();
    await page.context().close();
  });

  it("shows what a tool says as words: nothing of it runs, is fetched, or is a link that runs", async () => {
    const { page, faults } = await signIn(product.token());
    const elsewhere: string[] = [];
    const dialogs: string[] = [];
    page.on("request", (request) => void (request.url().startsWith(door.url) || elsewhere.push(request.url())));
    page.on("dialog", (dialog) => {
      dialogs.push(dialog.message());
      void dialog.dismiss();
    });
    const runId = await product.send(`Run code: console.log(${JSON.stringify(HOSTILE)})`);
    await product.ended(runId);
    for (const view of ["chat", "timeline", "events", "state"]) {
      await page.goto(`${door.url}/runs/${runId}?view=${view}`);
      await reaches(page, "ENDED");
      await page.getByText("told to run").first().waitFor();
      const found = await page.evaluate(() => ({
        ran: "ran" in window,
        brought: document.querySelectorAll("main :is(script, iframe, object, img[src^='http'], svg[onload])").length,
        links: [...document.querySelectorAll("a")].filter(({ href }) => !/^https?:|^mailto:|^$/.test(href)).length,
      }));
      expect([view, found]).toEqual([view, { ran: false, brought: 0, links: 0 }]);
    }
    expect([elsewhere, dialogs, faults]).toEqual([[], [], []]);
    await page.context().close();
  });

  it("takes a line of five million characters, and hears keys beside it", async () => {
    const { page, faults } = await signIn(product.token());
    const runId = await product.send("Run code: console.log('x'.repeat(5000000))");
    await product.ended(runId);
    await page.goto(chatOf(runId));
    await reaches(page, "ENDED");
    await page.keyboard.press("?");
    await page.getByRole("dialog").waitFor();
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    expect([wide, faults]).toEqual([0, []]);
    await page.context().close();
  });

  it("tells another tenant who has the address of a run nothing of it", async () => {
    const { token } = await product.clientOf({ tenant: "stranger" });
    const stranger = await signIn(token);
    for (const address of [`/runs/${done}`, `/runs/${done}?view=events&event=2`, `/runs/${done}?view=chat`]) {
      await stranger.page.goto(`${door.url}${address}`);
      await stranger.page
        .getByText(/There is no (run|conversation)/)
        .first()
        .waitFor();
      const html = await stranger.page.content();
      expect([address, html.includes("line 1"), html.includes("console.log")]).toEqual([address, false, false]);
    }
    await stranger.context.close();
  });

  it("follows over server-sent events where upgrades are refused, and names them", async () => {
    door.refuseUpgrades(true);
    const { page } = await signIn(product.token());
    const runId = await product.send(talking(40, 100));
    await page.goto(chatOf(runId));
    await reaches(page, "LIVE");
    expect((await factsOf(page)).Connection).toBe("Server-sent events");
    await reaches(page, "ENDED");
    const text = await textOf(page);
    door.refuseUpgrades(false);
    expect(text).toBe(await textAnew(runId));
    expect((await factsOf(page)).Connection).toBe("Server-sent events");
    await page.context().close();
  });

  it("follows by one question after another where nothing may stay open, and says so", async () => {
    door.refuseUpgrades(true);
    const { page } = await signIn(product.token());
    await page.route("**/graphql", (route) =>
      route.request().headers().accept === "text/event-stream" ? route.fulfill({ status: 403 }) : route.continue(),
    );
    const runId = await product.send(talking(20, 200));
    await page.goto(chatOf(runId));
    await reaches(page, "LIVE");
    expect((await factsOf(page)).Connection).toBe("Asks every 2 s");
    await reaches(page, "ENDED");
    const facts = await factsOf(page);
    expect(facts["Events verified"]).toBe(facts["Newest event on the server"]);
    expect((await told(page)).at(-1)).toContain("verified");
    const text = await textOf(page);
    door.refuseUpgrades(false);
    expect(text).toBe(await textAnew(runId));
    await page.context().close();
  });

  // The longest wait before a try is 2 s, which page.test.ts sees.
  it("is live by its first try after the product that was killed in the middle of a run is ready again, and loses nothing", async () => {
    const { page } = open;
    const tries: string[] = [];
    const runId = await product.send(talking(30, 100));
    await page.goto(chatOf(runId));
    await page.getByText("line 3").waitFor();
    await product.kill();
    await reaches(page, "RECONNECTING");
    expect(await textOf(page)).toContain("line 3");
    await page.locator("[data-stale=true]").first().waitFor();
    await product.start();
    const readyAtMs = performance.now();
    page.on("websocket", () => tries.push("WebSocket"));
    page.on("request", (request) => request.headers().accept === "text/event-stream" && tries.push("SSE"));
    door.leadTo(product.url());
    await page.locator("[data-live-state=LIVE], [data-live-state=QUIET], [data-live-state=ENDED]").waitFor();
    console.info(`the page was back ${Math.round(performance.now() - readyAtMs)} ms after the product was ready`);
    expect(tries.length).toBeLessThanOrEqual(1);
    await reaches(page, "ENDED");
    expect(await textOf(page)).toBe(await textAnew(runId));
    expect((await product.ended(runId)).recoveries).toBeGreaterThan(0);
  });
});

interface Next {
  payload?: { data?: { runEvents?: { events?: { seq: number }[] } } };
}
