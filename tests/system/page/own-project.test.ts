import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { DecideApprovalDocument, RunApprovalsDocument, StartRunDocument } from "@soma/graphql/operations";
import { followRun } from "@soma/graphql/run-events";
import { findTestBrowser } from "@soma/local/test-browser";
import { newId } from "@soma/shared/ids";
import { until } from "@soma/shared/testing/until";
import { type Browser, chromium } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { readMetric } from "../operator.ts";
import { createProduct, type ProductUnderTest } from "../product.ts";
import { type BrowserPage, looksFine, openPage, reaches } from "./browser-page.ts";

const soma = fileURLToPath(new URL("../../../infra/cli/soma.js", import.meta.url));
const found = await findTestBrowser();
const title = "missing" in found ? `a project of one's own (not run here: ${found.missing})` : "a project of one's own";

/** Who follows one run: some in a tab of the browser, the others by the client that the page follows with. */
const TABS = 4;
const FOLLOWERS = 40;

describe.skipIf("missing" in found)(title, () => {
  let folder: string;
  let product: ProductUnderTest;
  let browser: Browser;
  let open: BrowserPage;
  const file = (name: string): string => join(folder, "mine", name);

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "soma-page-"));
    await promisify(execFile)(process.execPath, [soma, "init", join(folder, "mine")]);
    product = await createProduct("alone", { project: join(folder, "mine") });
    await product.start();
    browser = await chromium.launch({ executablePath: "program" in found ? found.program : "" });
    open = await openPage(browser);
    await open.page.goto(/Open +(http\S+)/.exec(product.output())?.[1] ?? "");
    await open.page.getByLabel("Message", { exact: true }).waitFor();
  });
  afterAll(async () => {
    await browser.close();
    await product.close();
    await rm(folder, { recursive: true, force: true });
  });
  afterEach(() => expect(open.faults.splice(0)).toEqual([]));

  it("is shown with what cannot be taken of it, by file and line, until that is mended, without a reload", async () => {
    const { page } = open;
    await page.goto(`${product.url()}/agents/orders`);
    await page.getByText("a file that is saved is taken at once").waitFor();
    const [agent, tool] = await Promise.all(
      ["agents/orders.ts", "tools/find-order.ts"].map(async (name) => {
        return { name: file(name), text: await readFile(file(name), "utf8") };
      }),
    );
    if (agent === undefined || tool === undefined) return expect.unreachable();

    await writeFile(tool.name, `${tool.text}\nthrow new Error("the shop is closed");\n`);
    await writeFile(agent.name, agent.text.replace('.node("call"', '.node(;"call"'));
    const faults = page.getByRole("alert", { name: "Faults of the project" });
    const line = agent.text.split("\n").findIndex((each) => each.includes('.node("call"')) + 1;
    await faults.getByText("2 files of mine cannot be taken").waitFor();
    expect(await faults.getByRole("listitem").allInnerTexts()).toEqual([
      expect.stringMatching(new RegExp(`^agents/orders\\.ts:${line}\\s`)),
      expect.stringMatching(/^tools\/find-order\.ts:\d+\s+.*the shop is closed/),
    ]);
    await looksFine(page);
    // What was there before goes on.
    await page.getByRole("textbox", { name: "text" }).fill("What became of order A-17?");
    await page.getByRole("button", { name: "Start a run" }).click();
    await reaches(page, "ENDED");
    await page.goBack();

    await writeFile(tool.name, tool.text);
    await faults.getByText("A file of mine cannot be taken").waitFor();
    await writeFile(agent.name, agent.text.replace('graph("orders", 1,', 'graph("orders", 2,'));
    await faults.waitFor({ state: "detached" });
    await page
      .getByRole("navigation", { name: "Agents" })
      .getByText(/^version 2 · agents\/orders\.ts$/)
      .waitFor();
  });

  it(`is followed by ${FOLLOWERS} at once, and the product follows each run once for all of them`, async () => {
    const { runId, goOn } = await askingRun();
    const tabs = await Promise.all(Array.from({ length: TABS }, () => open.context.newPage()));
    const ends = Array.from({ length: FOLLOWERS - TABS }, () => readToEnd(runId));
    await Promise.all(tabs.map((tab) => tab.goto(`${product.url()}/runs/${runId}`)));
    await until(
      "all follow it",
      async () => (await readMetric(product.dataDir, "gateway_subscriptions")) === FOLLOWERS,
    );
    await until("it is asked for once", async () => (await upstream()) === 1);
    for (const tab of tabs) await tab.locator("[data-approval]").waitFor();
    await goOn();
    await Promise.all(tabs.map((tab) => reaches(tab, "ENDED")));
    const seen = await Promise.all(ends);
    expect(new Set(seen.map((events) => events.join())).size).toBe(1);
    expect(seen[0]?.at(-1)).toMatch(/RUN_SUCCEEDED$/);
    await Promise.all(tabs.map((tab) => tab.close()));
    await until("nobody is followed any more", async () => (await upstream()) === 0);
  });

  const upstream = (): Promise<number> => readMetric(product.dataDir, "soma_gateway_upstream_subscriptions");

  /** A run that has come to the limit of its budget, and goes on when it is let. */
  async function askingRun(): Promise<{ runId: string; goOn: () => Promise<unknown> }> {
    const asked = { graph: "assistant", input: { text: "What is 30+4?" }, budget: { modelCalls: 1 } };
    const client = product.client();
    const { startRun } = await client.request(StartRunDocument, { input: { ...asked, idempotencyKey: newId() } });
    const runId = startRun.run.id;
    const approvalId = await until("it asks", async () => {
      return (await client.request(RunApprovalsDocument, { id: runId })).run?.pendingApprovals[0]?.id;
    });
    const input = { approvalId, approve: true, idempotencyKey: newId() };
    return { runId, goOn: () => client.request(DecideApprovalDocument, { input }) };
  }

  async function readToEnd(runId: string): Promise<string[]> {
    const events: string[] = [];
    const asked = { url: product.socketUrl(), token: product.token(), runId, afterSeq: 0 };
    for await (const { seq, type } of followRun(asked)) events.push(`${seq} ${type}`);
    return events;
  }
});
