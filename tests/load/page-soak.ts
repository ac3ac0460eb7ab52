/**
 * What a page keeps that is left open: on the list of runs while so many pass, and then while it follows as many, one after
 * the other, each to its end. After each share of them what a browser holds is counted, with its garbage collected. Prints one
 * JSON object; ends with 1 where the page keeps more of runs that it no longer shows than page-limits.ts allows.
 *
 *   node_modules/.bin/node tests/load/page-soak.ts [runs, 200 when left out]
 */
import { findTestBrowser } from "@soma/local/test-browser";
import { until } from "@soma/shared/testing/until";
import { type CDPSession, chromium, type Page } from "playwright-core";
import { openPage, reaches } from "../system/page/browser-page.ts";
import { createProduct, type ProductUnderTest } from "../system/product.ts";
import { faultsOfSoak, type Kept } from "./page-limits.ts";

const [runs = 200] = process.argv.slice(2).map(Number);
if (!Number.isInteger(runs) || runs < 40 || runs > 100_000)
  throw new Error(`"${process.argv[2]}" is not a number of runs, 40 to 100000`);

const found = await findTestBrowser();
if ("missing" in found) throw new Error(`the page cannot be measured: ${found.missing}`);
const SHARES = 8;
/** Runs at a time: as many as the worker takes at once. */
const ABREAST = 4;

interface Held {
  runs: number;
  heapMb: number;
  elements: number;
  listeners: number;
  sockets: number;
}

/** What the page holds when nobody waits for anything; twice, because what is let go of may let go of more. */
async function hold(cdp: CDPSession, sockets: ReadonlySet<unknown>, count: number): Promise<Held> {
  for (let time = 0; time < 2; time += 1) await cdp.send("HeapProfiler.collectGarbage");
  const { usedSize } = await cdp.send("Runtime.getHeapUsage");
  const { nodes, jsEventListeners } = await cdp.send("Memory.getDOMCounters");
  const heapMb = Math.round(usedSize / 1e4) / 100;
  return { runs: count, heapMb, elements: nodes, listeners: jsEventListeners, sockets: sockets.size };
}

/** So many more runs, while the page shows the newest of all; it has heard of each by the end. */
async function pass(page: Page, product: ProductUnderTest, count: number): Promise<void> {
  const ask = (): Promise<string> => product.send("What is 6*7?");
  for (let sent = 0; sent < count; sent += ABREAST) {
    const ids = await Promise.all(Array.from({ length: Math.min(ABREAST, count - sent) }, ask));
    await Promise.all(ids.map((id) => product.ended(id)));
  }
  const news = page.getByRole("button", { name: /new$/ });
  await news.waitFor();
  await news.click();
}

/** The same, each of which is opened while it goes on, and left when it has ended. */
async function follow(page: Page, product: ProductUnderTest, count: number): Promise<void> {
  const go = (path: string): Promise<void> => page.evaluate((to) => history.pushState(null, "", to), path);
  for (let seen = 0; seen < count; seen += 1) {
    const id = await product.send("Run code: console.log(1); await sleep(200); console.log(2)");
    await go(`/runs/${id}${seen % 2 === 0 ? "" : "?view=chat"}`);
    await page.locator("[data-live-state]").waitFor();
    await reaches(page, "ENDED");
    await go("/runs");
    await page.locator("tr[data-run]").first().waitFor();
  }
}

async function soak(page: Page, product: ProductUnderTest) {
  const sockets = new Set<unknown>();
  let mostSockets = 0;
  page.on("websocket", (socket) => {
    mostSockets = Math.max(mostSockets, sockets.add(socket).size);
    socket.on("close", () => sockets.delete(socket));
  });
  const cdp = await page.context().newCDPSession(page);
  await page.goto([...product.output().matchAll(/Open +(http\S+)/g)].at(-1)?.[1] ?? "");
  await page.getByLabel("Message", { exact: true }).waitFor();
  await page.evaluate(() => history.pushState(null, "", "/runs"));
  await page.getByRole("heading", { level: 1, name: "Runs" }).waitFor();
  // A full page of the list, and all parts of the page, are there before anything is counted.
  await pass(page, product, 60);
  await follow(page, product, 6);
  const shares = async (go: typeof pass): Promise<Held[]> => {
    const held: Held[] = [];
    for (let share = 0; share <= SHARES; share += 1) {
      if (share > 0) await go(page, product, Math.round(runs / SHARES));
      // A run that was left is followed for a moment longer.
      await until("nothing is followed", () => sockets.size === 0);
      held.push(await hold(cdp, sockets, share * Math.round(runs / SHARES)));
    }
    return held;
  };
  const told = { pass: await shares(pass), follow: await shares(follow) };
  const kept = { pass: keptOf(told.pass), follow: keptOf(told.follow) };
  return { runs, mostSockets, ...told, kept };
}

/** What is kept of each run, by the growth from the first count to the last. */
function keptOf(held: readonly Held[]): Kept {
  const [first, last] = [held[0], held.at(-1)];
  if (first === undefined || last === undefined) throw new Error("nothing was counted");
  const each = (what: "heapMb" | "elements" | "listeners", by = 1): number =>
    Math.round(((last[what] - first[what]) * by * 100) / last.runs) / 100;
  return { heapKb: each("heapMb", 1_000), elements: each("elements"), listeners: each("listeners") };
}

const product = await createProduct();
try {
  await product.start();
  const browser = await chromium.launch({ executablePath: found.program });
  const { page, faults } = await openPage(browser);
  const told = await soak(page, product);
  const all = [...faults, ...faultsOfSoak({ runs, ...told.kept }, told.mostSockets)];
  console.log(JSON.stringify({ ...told, faults: all }, null, 2));
  if (all.length > 0) process.exitCode = 1;
  await browser.close();
} finally {
  await product.close();
}
