import type { Locator } from "playwright-core";
import { expect, it } from "vitest";
import { withDatabase } from "../product-database.ts";
import { type BrowserPage, looksFine, reaches } from "./browser-page.ts";
import type { Stage } from "./stage.ts";

/** Longer than the gateway waits for a subgraph. */
const GIVEN_UP = { timeout: 25_000 };

/** What the page promises while parts of the product do not answer: nothing of them does, by locks on their tables. */
export function isWholeWithoutAPart(stage: () => Stage): void {
  it("says in a step what of it is missing while the tools do not answer, and of runs that they could not be loaded", async () => {
    const { product, door, open } = stage();
    const { page } = open;
    const runId = await product.send("Run code: console.log('all the same')");
    await product.ended(runId);
    const inspector = page.getByRole("complementary");
    // Each is given up after ten seconds, which are waited for once.
    await withoutAnswers(stage(), "tools.invocation", async () => {
      await page.goto(`${door.url}/runs/${runId}?step=5`);
      await reaches(page, "ENDED");
      await inspector.getByText("Step id").waitFor();
      await worksBeside(open, door.url, runId);
      // Which nobody has waited for.
      expect(await inspector.getByRole("alert").count()).toBe(0);
      await saysOfRuns(stage());
      await inspector.getByRole("alert").getByText("Some of the step is missing.").waitFor(GIVEN_UP);
      // What the step itself left, as the run has it.
      expect(await inspector.getByRole("region", { name: "Output" }).innerText()).toContain("all the same");
      expect(await inspector.getByRole("region", { name: "Decision" }).count()).toBe(0);
      await looksFine(page);
    });
    await againWhole(inspector);
    await inspector.getByRole("region", { name: "Decision" }).getByText("Policy", { exact: true }).waitFor();
  });
}

/** While the runs do not answer; agents, and what tools there are, are known all the same. */
async function saysOfRuns(stage: Stage): Promise<void> {
  const { door, open } = stage;
  const list = await open.context.newPage();
  await withoutAnswers(stage, "runs.run", async () => {
    await list.goto(`${door.url}/runs`);
    const beside = await open.context.newPage();
    await beside.goto(`${door.url}/agents/assistant`);
    await beside.getByRole("button", { name: "Start a run" }).waitFor();
    const { data } = await askTools(beside);
    expect(data?.tools.length).toBeGreaterThan(0);
    await beside.close();
    await list.getByRole("main").getByRole("alert").getByText("The runs could not be loaded.").waitFor(GIVEN_UP);
    await looksFine(list);
  });
  await againWhole(list.getByRole("main"));
  await list.locator("tr[data-run]").first().waitFor();
  await list.close();
}

async function withoutAnswers({ product }: Stage, table: string, work: () => Promise<void>): Promise<void> {
  await withDatabase(product.dataDir, "public", async ({ lock }) => {
    const held = await lock(table, "access exclusive");
    await work().finally(held.release);
  });
}

/** In another tab, meanwhile. */
async function worksBeside({ context }: BrowserPage, url: string, runId: string): Promise<void> {
  const page = await context.newPage();
  await page.goto(`${url}/runs`);
  await page.locator(`tr[data-run]`).first().waitFor();
  await page.goto(`${url}/runs/${runId}?view=chat`);
  await reaches(page, "ENDED");
  await page.getByRole("log").getByText("all the same").first().waitFor();
  await page.close();
}

async function againWhole(part: Locator): Promise<void> {
  await part.getByRole("button", { name: "Try again" }).press("Enter");
  await part.getByRole("alert").waitFor({ state: "detached" });
}

function askTools(page: BrowserPage["page"]): Promise<{ data?: { tools: { name: string }[] } }> {
  return page.evaluate(async () => {
    const headers = { "content-type": "application/json" };
    const body = JSON.stringify({ query: "{ tools { name } }" });
    return (await fetch("/graphql", { method: "POST", headers, body })).json();
  });
}
