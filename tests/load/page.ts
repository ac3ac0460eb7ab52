/**
 * What the page costs in a browser, on the whole product with a run of so many steps and a list of so many runs: until
 * there is something to read, while it is scrolled, from the commit of an event until it is on the screen, and from when a
 * killed server is ready again until the page is live. Prints one JSON object; ends with 1 where a limit of page-limits.ts is
 * passed, which are those of a quiet machine.
 *
 *   node_modules/.bin/node tests/load/page.ts [steps of the run, 10000 when left out] [runs in the list, 100000 when left out]
 */
import { setTimeout as sleep } from "node:timers/promises";
import { findTestBrowser } from "@soma/local/test-browser";
import { chromium, type Page } from "playwright-core";
import { fillRuns } from "../../subgraphs/runs/testing/fill-runs.ts";
import { fillTrueRun, stepsOf, type TrueRun } from "../../subgraphs/runs/testing/fill-true-run.ts";
import { countElements, follows, openPage, reaches } from "../system/page/browser-page.ts";
import { makeDoor } from "../system/page/door.ts";
import { initialScripts } from "../system/page/initial-scripts.ts";
import { createProduct, type ProductUnderTest } from "../system/product.ts";
import { openDatabase, type ProductDatabase } from "../system/product-database.ts";
import { faultsOfPage } from "./page-limits.ts";

const [steps = 10_000, runs = 100_000] = process.argv.slice(2).map(Number);
for (const count of [steps, runs])
  if (!Number.isInteger(count) || count < 100 || count > 1_000_000)
    throw new Error(`"${count}" is not a number of steps or runs, 100 to 1000000`);

const found = await findTestBrowser();
if ("missing" in found) throw new Error(`the page cannot be measured: ${found.missing}`);
/** A statement has a time limit, which one of a hundred thousand rows would not keep. */
const AT_ONCE = 10_000;
const TIMES = 5;
const LIVE_EVENTS = 200;

/** What a page notes from its beginning: when things were there first, and what kept it busy. */
interface Notes {
  /** Milliseconds since the page was asked for, by what was looked for. */
  first: Record<string, number>;
  /** Clock milliseconds at which the line of an event was there, by its number. */
  events: Record<string, number>;
  tasks: { at: number; ms: number }[];
}

function takeNotes(): void {
  const notes: Notes = { first: {}, events: {}, tasks: [] };
  Object.assign(window, { notes });
  const look = (): void => {
    for (const place of ["tr[data-run]", "[data-step]"])
      if (document.querySelector(place) !== null) notes.first[place] ??= performance.now();
    for (const { dataset } of document.querySelectorAll<HTMLElement>("[data-seq]"))
      notes.events[dataset.seq ?? ""] ??= performance.timeOrigin + performance.now();
  };
  // Lines are drawn before the browser paints; what looks for them here costs little beside them.
  new MutationObserver(look).observe(document, { subtree: true, childList: true });
  new PerformanceObserver((list) => {
    for (const { startTime, duration } of list.getEntries()) notes.tasks.push({ at: startTime, ms: duration });
  }).observe({ type: "longtask", buffered: true });
}

const notesOf = (page: Page): Promise<Notes> => page.evaluate(() => (window as unknown as { notes: Notes }).notes);
const answeredAt = (page: Page): Promise<number> =>
  page.evaluate(() => (performance.getEntriesByType("navigation")[0] as PerformanceNavigationTiming).responseEnd);
const round = (ms: number): number => Math.round(ms * 10) / 10;

function spread(all: readonly number[]) {
  const sorted = all.toSorted((a, b) => a - b);
  const at = (share: number): number =>
    round(sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN);
  return { p50: at(0.5), p95: at(0.95), max: at(1) };
}

/** Fills while nothing else works on the database, and lets nobody be told of it: that would be measured too. */
async function fill(database: ProductDatabase): Promise<{ long: TrueRun; short: TrueRun }> {
  const { sql } = database;
  const tenant = "local";
  const long = await fillTrueRun(sql, { tenant, text: "a long run" });
  await long.append(stepsOf({ count: steps, atMs: Date.now() - steps * 20 }));
  const short = await fillTrueRun(sql, { tenant, text: "a run that goes on" });
  for (let from = 0; from < runs; from += AT_ONCE) {
    const params = { tenant, sessionId: long.sessionId, count: Math.min(AT_ONCE, runs - from) };
    await fillRuns(sql, { ...params, fromMs: Date.now() - 86_400_000 + from });
  }
  await sql.unsafe("analyze; update relay_cursor set owner = null, last_xid = pg_current_xact_id()");
  return { long, short };
}

/** Milliseconds from the answer of the page until its first lines are there, of several times. */
async function firstLines(page: Page, url: string, place: string) {
  const times: number[] = [];
  for (let time = 0; time < TIMES; time += 1) {
    await page.goto(url);
    await page.locator(place).first().waitFor();
    times.push(((await notesOf(page)).first[place] ?? Number.NaN) - (await answeredAt(page)));
  }
  return { firstLinesMs: spread(times), elements: await countElements(page) };
}

async function firstPaint(page: Page, url: string) {
  const times: number[] = [];
  for (let time = 0; time < TIMES; time += 1) {
    await page.goto(url);
    await page.getByLabel("Message", { exact: true }).waitFor();
    const paint = await page.waitForFunction(
      () => performance.getEntriesByName("first-contentful-paint")[0]?.startTime,
    );
    times.push((await paint.jsonValue()) as number);
  }
  return spread(times);
}

const nowOf = (page: Page): Promise<number> => page.evaluate(() => performance.now());

/** What held the page up since a moment of its own. */
async function heldUp(page: Page, since: number): Promise<{ longTasks: number; longestMs: number }> {
  const ms = (await notesOf(page)).tasks.filter(({ at }) => at >= since).map((task) => task.ms);
  return { longTasks: ms.length, longestMs: Math.max(0, ...ms) };
}

/** A run that has ended, from nothing until all of its events are verified, and then down its list by ten lines a frame. */
async function readWhole(page: Page, url: string) {
  await page.goto(url);
  await reaches(page, "ENDED");
  const [wholeMs, loading] = [round(await nowOf(page)), await heldUp(page, 0)];
  const begun = await nowOf(page);
  await page.getByRole("tree").evaluate(async (box) => {
    for (let at = 0; at < 240; at += 1) {
      box.scrollTop += 280;
      await new Promise((resolve) => requestAnimationFrame(resolve));
    }
  });
  const heap = () => (performance as unknown as { memory: { usedJSHeapSize: number } }).memory.usedJSHeapSize;
  const scrolling = await heldUp(page, begun);
  await page.requestGC();
  const heapMb = round((await page.evaluate(heap)) / 1e6);
  return { wholeMs, loading, scrolling, elements: await countElements(page), heapMb };
}

/** From just before an event is written until its line is in the page. `from` is its number. */
async function commitToScreen(page: Page, url: string, { run, from }: { run: TrueRun; from: number }) {
  await page.goto(`${url}/runs/${run.runId}?view=events`);
  await page.getByText(`${(from - 1).toLocaleString("en")} events, each verified`).waitFor();
  await page.getByRole("tree").press("End");
  const begun = await nowOf(page);
  const written: number[] = [];
  for (let event = 0; event < LIVE_EVENTS; event += 1) {
    written.push(performance.timeOrigin + performance.now());
    await run.append([{ kind: "STEP_STARTED", step: `${from + event} tool`, payload: { summary: "Calling" } }]);
    await sleep(20);
  }
  await page.locator(`[data-seq="${from + LIVE_EVENTS - 1}"]`).waitFor();
  const { events } = await notesOf(page);
  const ms = written.map((at, index) => (events[from + index] ?? Number.NaN) - at);
  return { ...spread(ms), ...(await heldUp(page, begun)) };
}

/** Milliseconds from when a server is ready again that was killed in the middle of a run, until the page follows that run. */
async function recovery(page: Page, product: ProductUnderTest): Promise<number> {
  const door = await makeDoor(product.url());
  const runId = await product.send("Run code: await sleep(60000)");
  await page.goto(`${door.url}/runs/${runId}`);
  await follows(page);
  await product.kill();
  await reaches(page, "RECONNECTING");
  await product.start();
  const ready = performance.now();
  door.leadTo(product.url());
  await follows(page);
  const ms = round(performance.now() - ready);
  await door.shut();
  return ms;
}

async function measure(page: Page, product: ProductUnderTest, { long, short }: Awaited<ReturnType<typeof fill>>) {
  const url = product.url();
  const scriptBytes = initialScripts().reduce((sum, { bytes }) => sum + bytes, 0);
  const firstPaintMs = await firstPaint(page, `${url}/chat`);
  const list = await firstLines(page, `${url}/runs`, "tr[data-run]");
  const commitToScreenMs = {
    short: await commitToScreen(page, url, { run: short, from: 2 }),
    long: await commitToScreen(page, url, { run: long, from: 2 * steps + 2 }),
  };
  await long.end([]);
  const path = `${url}/runs/${long.runId}`;
  const run = await firstLines(page, path, "[data-step]");
  const whole = { timeline: await readWhole(page, path), events: await readWhole(page, `${path}?view=events`) };
  const recoveryMs = await recovery(page, product);
  const costs = { scriptBytes, firstPaintMs, list, run, whole, commitToScreenMs, recoveryMs };
  return { steps, runs, ...costs, faults: faultsOfPage(costs) };
}

const product = await createProduct();
try {
  await product.start();
  // What fills the database is not in anybody's way, and nobody is told of it.
  await product.kill();
  const database = await openDatabase(product.dataDir, "runs");
  const filled = await fill(database);
  await product.start();
  const browser = await chromium.launch({ executablePath: found.program });
  const { page } = await openPage(browser);
  await page.addInitScript(takeNotes);
  const link = [...product.output().matchAll(/Open +(http\S+)/g)].at(-1)?.[1] ?? "";
  await page.goto(link);
  await page.getByLabel("Message", { exact: true }).waitFor();
  const measured = await measure(page, product, filled);
  console.log(JSON.stringify(measured, null, 2));
  if (measured.faults.length > 0) process.exitCode = 1;
  await browser.close();
  await database.close();
} finally {
  await product.close();
}
