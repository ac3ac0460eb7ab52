import type { Request } from "playwright-core";
import { expect, it } from "vitest";
import { type BrowserPage, looksFine } from "./browser-page.ts";
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
    const isIt = (request: Request): boolean => request.postDataJSON()?.operationName === operation;
    await withRoute(page, "**/graphql", { hold: isIt }, async () => {
      await page.goto(stage().door.url + path.replace("ID", runId));
      await page.getByText(words).first().waitFor();
      await looksFine(page);
    });
    await page.getByText(words).waitFor({ state: "detached" });
  });

  it("has no fault that axe finds where the server cannot be reached, and goes on when asked to", async () => {
    const { open, door } = stage();
    const { page, faults } = open;
    await withRoute(page, "**/auth/me", "refuse", async () => {
      await page.goto(`${door.url}/runs`);
      await page.getByRole("heading", { name: "The server does not answer" }).waitFor();
      await looksFine(page);
    });
    await page.getByRole("button", { name: "Try again" }).press("Enter");
    await page.getByRole("heading", { name: "Runs" }).waitFor();
    // The browser itself tells each connection that it did not get.
    expect(faults.splice(0).filter((fault) => !fault.includes("ERR_CONNECTION_REFUSED"))).toEqual([]);
  });
}

/** While it works, requests of the page to such an address are refused, or some kept without an answer; then they go on. */
async function withRoute(
  page: BrowserPage["page"],
  address: string,
  how: "refuse" | { hold(request: Request): boolean },
  work: () => Promise<void>,
): Promise<void> {
  const over = Promise.withResolvers<void>();
  await page.route(address, async (route) => {
    if (how === "refuse") return route.abort("connectionrefused");
    if (how.hold(route.request())) await over.promise;
    return route.continue();
  });
  try {
    await work();
  } finally {
    over.resolve();
    await page.unrouteAll({ behavior: "wait" });
  }
}
