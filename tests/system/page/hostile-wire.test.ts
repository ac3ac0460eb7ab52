import { setInterval as every } from "node:timers/promises";
import { findTestBrowser } from "@soma/local/test-browser";
import { until } from "@soma/shared/testing/until";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { fillTrueRun, stepsOf } from "../../../subgraphs/runs/testing/fill-true-run.ts";
import { createProduct, type ProductUnderTest } from "../product.ts";
import { withDatabase } from "../product-database.ts";
import { type BrowserPage, follows, looksFine, openPage, reaches, takeFaults } from "./browser-page.ts";
import { type Door, makeDoor } from "./door.ts";
import { showsOutputAsWords } from "./hostile-output.ts";
import { factsOf, noteLiveWords, told } from "./told-live.ts";

const found = await findTestBrowser();
const title = "missing" in found ? `a hostile wire (not run here: ${found.missing})` : "a hostile wire";

/** A run that says something again and again, for so long. */
const talking = (times: number, everyMs: number): string =>
  `Run code: for (let n = 1; n <= ${times}; n += 1) { console.log('line ' + n); await sleep(${everyMs}); }`;

/** What the browser tells of an answer that was not given. */
const REFUSAL = /^Failed to load resource: .* status of 403/;

describe.skipIf("missing" in found)(title, () => {
  let product: ProductUnderTest;
  let door: Door;
  let browser: Browser;
  let open: BrowserPage;
  /** Every page that was opened since the last test, for what it did that it should not. */
  const opened: BrowserPage[] = [];
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
    const faults = opened.flatMap(takeFaults);
    opened.splice(0, Number.POSITIVE_INFINITY, open);
    expect(faults).toEqual([]);
  });

  /** A page with everything that its live indicator has ever said. */
  async function signIn(token: string): Promise<BrowserPage> {
    const made = await openPage(browser);
    opened.push(made);
    await made.context.addCookies([{ name: "soma_session", value: token, url: door.url }]);
    await made.context.addInitScript(noteLiveWords);
    return made;
  }
  const chatOf = (runId: string): string => `${door.url}/runs/${runId}?view=chat`;
  const textOf = (page: Page): Promise<string> => page.getByRole("log").innerText();

  /** Cuts every socket each 150 ms. */
  async function whileCutting(work: () => Promise<void>): Promise<void> {
    const stopping = new AbortController();
    const cutting = (async () => {
      for await (const _ of every(150, undefined, { signal: stopping.signal })) door.cutSockets();
    })().catch(() => {});
    await work();
    stopping.abort();
    await cutting;
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
    await whileCutting(async () => void (await product.ended(runId)));
    await reaches(page, "ENDED");
    const facts = await factsOf(page);
    expect(Number(facts.Reconnects)).toBeGreaterThan(5);
    expect(facts["Events verified"]).toBe(facts["Newest event on the server"]);
    expect((await told(page)).at(-1)).toBe(`ENDED Finished · all ${facts["Events verified"]} events verified`);
    expect(await textOf(page)).toBe(await textAnew(runId));
  });

  it("ends at the last of 10,000 events, each verified and none told twice, when every socket is cut each 150 ms", () =>
    withDatabase(product.dataDir, "runs", async ({ sql }) => {
      const { page } = open;
      const run = await fillTrueRun(sql, { tenant: "local", text: "a long run" });
      await page.goto(`${door.url}/runs/${run.runId}`);
      await follows(page);
      await whileCutting(async () => {
        let from = 1;
        for await (const _ of every(80)) {
          await run.append(stepsOf({ from, count: 100, atMs: Date.now() }));
          from += 100;
          if (from > 5_000) break;
        }
        await run.end([]);
      });
      await reaches(page, "ENDED");
      const facts = await factsOf(page);
      expect(Number(facts.Reconnects)).toBeGreaterThan(5);
      expect([facts["Events verified"], facts["Newest event on the server"]]).toEqual(["10,002", "10,002"]);
      expect((await told(page)).at(-1)).toBe("ENDED Finished · all 10,002 events verified");
      await page.getByText(/^5,000 steps, /).waitFor();
    }));

  it("says that it is offline while the browser has no network, mutes what it shows, and goes on afterwards", async () => {
    const { page, context } = await signIn(product.token());
    const runId = await product.send("Run code: await sleep(3000); console.log('all the same')");
    await page.goto(chatOf(runId));
    await follows(page);
    await context.setOffline(true);
    await reaches(page, "OFFLINE");
    expect((await told(page)).at(-1)).toMatch(/^OFFLINE You are offline · data as of \d\d?:\d\d:\d\d/);
    await page.locator("[data-stale=true]").first().waitFor();
    await page.locator("[data-health=OFFLINE]").waitFor();
    await looksFine(page);
    await context.setOffline(false);
    await reaches(page, "ENDED");
    expect(await textOf(page)).toBe(await textAnew(runId));
    await page.locator("[data-health=NORMAL]").waitFor();
    await context.close();
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
    await looksFine(page);
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
    await looksFine(page);
    expect((await told(page)).at(-1)).toMatch(/^STALE Not updating for 1\d s · showing data as of \d\d?:\d\d:\d\d/);
    door.change();
    await page.clock.fastForward(13_000);
    await reaches(page, "QUIET");
    await page.locator("[data-stale=false]").first().waitFor();
    await page.context().close();
  });

  showsOutputAsWords(() => ({ product, door, signIn: () => signIn(product.token()) }));

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
    const { page, faults } = await signIn(product.token());
    let refused = 0;
    await page.route("**/graphql", (route) => {
      if (route.request().headers().accept !== "text/event-stream") return route.continue();
      refused += 1;
      return route.fulfill({ status: 403 });
    });
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
    // The browser itself tells of each that was refused here; of another one it would be a fault.
    const refusals = faults.filter((fault) => REFUSAL.test(fault));
    expect([refused > 0, refusals.length]).toEqual([true, refused]);
    for (const refusal of refusals) faults.splice(faults.indexOf(refusal), 1);
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
    const away = (await told(page)).filter((words) => words.startsWith("RECONNECTING"));
    expect(away.at(-1)).toMatch(/^RECONNECTING Reconnecting \(.+\) · data as of \d\d?:\d\d:\d\d/);
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
    expect(await textOf(page)).toMatch(/Interrupted.*line 3.*The worker was lost before this ended.*line 30/s);
  });
});

interface Next {
  payload?: { data?: { runEvents?: { events?: { seq: number }[] } } };
}
