import type { Request } from "playwright-core";
import { expect, it } from "vitest";
import { withDatabase } from "../product-database.ts";
import { fillEverySort } from "./accessible-run.ts";
import { type BrowserPage, follows, looksFine, reaches, takeFaults } from "./browser-page.ts";
import type { Stage } from "./stage.ts";

const WAITS = [
  ["/runs", "RunsPage", "Loading runs…"],
  ["/runs/ID", "RunPage", "Loading the run…"],
  ["/agents", "Agents", "Loading agents…"],
  ["/agents/assistant", "AgentDetail", "Loading the agent…"],
] as const;

/** What the page promises those who wait for an answer, and those who get none. */
export function servesWhoeverWaits(stage: () => Stage): void {
  it.each(WAITS)("has no fault that axe finds at %s while %s is not answered", async (path, operation, words) => {
    const { page } = stage().open;
    const runId = "01920000-0000-7000-8000-000000000009";
    await withRoute(page, "**/graphql", { hold: asks(operation) }, async () => {
      await page.goto(stage().door.url + path.replace("ID", runId));
      await page.getByText(words).first().waitFor();
      await looksFine(page);
    });
    await page.getByText(words).waitFor({ state: "detached" });
  });

  it("has no fault that axe finds where the server cannot be reached, and goes on when asked to", async () => {
    const { open, door } = stage();
    const { page } = open;
    await withRoute(page, "**/auth/me", { refuse: () => true }, async () => {
      await page.goto(`${door.url}/runs`);
      await page.getByRole("heading", { name: "The server does not answer" }).waitFor();
      await looksFine(page);
    });
    await page.getByRole("button", { name: "Try again" }).press("Enter");
    await page.getByRole("heading", { name: "Runs" }).waitFor();
    expect(takeFaults(open)).toEqual([]);
  });

  it("has no fault that axe finds where the agents are refused, and shows them by itself once they are not", async () => {
    const { open, door } = stage();
    const { page } = open;
    const problem = page.getByRole("alert").getByText("The agents could not be loaded.");
    await withRoute(page, "**/graphql", { refuse: asks("Agents") }, async () => {
      await page.goto(`${door.url}/agents`);
      await problem.waitFor();
      await looksFine(page);
    });
    await problem.waitFor({ state: "detached" });
    await page.getByRole("navigation", { name: "Agents" }).getByText("assistant", { exact: true }).waitFor();
    expect(takeFaults(open)).toEqual([]);
  });

  it("has no fault that axe finds where the schema of the API is refused, and asks what is written all the same", async () => {
    const { open, door } = stage();
    const { page } = open;
    await withRoute(page, "**/graphql", { refuse: asksForSchema }, async () => {
      await page.goto(`${door.url}/api`);
      await page.getByRole("alert").filter({ hasText: "The schema could not be loaded" }).waitFor();
      await looksFine(page);
      await page.getByRole("button", { name: "Run", exact: true }).press("Enter");
      await page.getByText(/^Answered in/).waitFor();
    });
    expect(takeFaults(open)).toEqual([]);
  });

  it("has no fault that axe finds at a run that is followed by nobody just now, beside what it asks", async () => {
    const { product, door, open } = stage();
    const { page } = open;
    await withDatabase(product.dataDir, "runs", async ({ sql }) => {
      const { runId } = await fillEverySort(sql);
      await page.goto(`${door.url}/runs/${runId}`);
      await follows(page);
      await page.getByRole("button", { name: "Approve" }).waitFor();
    });
    await door.shut();
    try {
      await reaches(page, "RECONNECTING");
      await page.locator("[data-stale=true]").first().waitFor();
      // As when the reader comes back to the page, which then asks at once.
      await page.evaluate(() => document.dispatchEvent(new Event("visibilitychange")));
      await page.locator("[data-old=RECONNECTING]").waitFor();
      await looksFine(page);
    } finally {
      await door.open();
    }
    await follows(page);
    await page.locator("[data-old]").waitFor({ state: "detached" });
    expect(takeFaults(open)).toEqual([]);
  });
}

const asks =
  (operation: string) =>
  (request: Request): boolean =>
    request.postDataJSON()?.operationName === operation;

/** What somebody writes is sent without a name beside it. */
const asksForSchema = (request: Request): boolean => request.postData()?.includes("query IntrospectionQuery") === true;

/** Requests that are refused, as where nobody listens, or kept without an answer. */
interface Trouble {
  refuse?(request: Request): boolean;
  hold?(request: Request): boolean;
}

/** While it works, some requests of the page to such an address are in trouble; then they go on. */
async function withRoute(
  page: BrowserPage["page"],
  address: string,
  trouble: Trouble,
  work: () => Promise<void>,
): Promise<void> {
  const over = Promise.withResolvers<void>();
  await page.route(address, async (route) => {
    if (trouble.refuse?.(route.request()) === true) return route.abort("connectionrefused");
    if (trouble.hold?.(route.request()) === true) await over.promise;
    return route.continue();
  });
  try {
    await work();
  } finally {
    over.resolve();
    await page.unrouteAll({ behavior: "wait" });
  }
}
