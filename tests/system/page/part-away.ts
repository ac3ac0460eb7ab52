import type { Locator } from "playwright-core";
import { expect, it } from "vitest";
import { withDatabase } from "../product-database.ts";
import { type BrowserPage, findFaults, reaches } from "./browser-page.ts";
import type { Stage } from "./stage.ts";

/** Longer than the gateway waits for a subgraph. */
const GIVEN_UP = { timeout: 25_000 };

/** What the page promises while one part of the product does not answer: nothing of that part does, by locks on its table. */
export function isWholeWithoutAPart(stage: () => Stage): void {
  it("says in a step what of it is missing while the tools do not answer, and shows the rest of it", async () => {
    const { product, door, open } = stage();
    const { page } = open;
    const runId = await product.send("Run code: console.log('all the same')");
    await product.ended(runId);
    await withoutAnswers(stage(), "tools.invocation", async () => {
      await page.goto(`${door.url}/runs/${runId}?step=5`);
      await reaches(page, "ENDED");
      const inspector = page.getByRole("complementary");
      await inspector.getByText("Step id").waitFor();
      await worksBeside(open, door.url, runId);
      await inspector.getByRole("alert").getByText("Some of the step is missing.").waitFor(GIVEN_UP);
      // What the step itself left, as the run has it.
      expect(await inspector.getByRole("region", { name: "Output" }).innerText()).toContain("all the same");
      expect(await inspector.getByRole("region", { name: "Decision" }).count()).toBe(0);
      expect(await findFaults(page)).toEqual([]);
    });
    await againWhole(page.getByRole("complementary"));
    await page.getByRole("region", { name: "Decision" }).getByText("Policy", { exact: true }).waitFor();
  });

  it("says that the runs could not be loaded while they do not answer, and shows agents and asks the tools", async () => {
    const { door, open } = stage();
    const { page } = open;
    await withoutAnswers(stage(), "runs.run", async () => {
      await page.goto(`${door.url}/runs`);
      const beside = await open.context.newPage();
      await beside.goto(`${door.url}/agents/assistant`);
      await beside.getByRole("button", { name: "Start a run" }).waitFor();
      const { data } = await askTools(beside);
      expect(data?.tools.length).toBeGreaterThan(0);
      await beside.close();
      await page.getByRole("main").getByRole("alert").getByText("The runs could not be loaded.").waitFor(GIVEN_UP);
      expect(await findFaults(page)).toEqual([]);
    });
    await againWhole(page.getByRole("main"));
    await page.locator("tr[data-run]").first().waitFor();
  });
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
