import { expect, it } from "vitest";
import { findFaults, focused, looksFine, reaches } from "./browser-page.ts";
import type { Stage } from "./stage.ts";

/** What the page of one run promises. */
export function showsOneRun(stage: () => Stage): void {
  it("opens a step of a run by keys alone, and gives the focus back", async () => {
    const { open, door, product } = stage();
    const { page } = open;
    const runId = await product.send("Run code: throw new Error('no')");
    await product.ended(runId);
    await page.goto(`${door.url}/runs/${runId}`);
    await reaches(page, "ENDED");
    const steps = page.getByRole("tree", { name: "Steps of the run" });
    await steps.focus();
    for (const key of ["End", "Home", "ArrowDown", "Enter"]) await page.keyboard.press(key);
    await page.waitForURL(/\?step=2$/);
    expect(await focused(page)).toBe("Step 2");
    const inspector = page.getByRole("complementary", { name: "Step 2" });
    await inspector.getByText("Tokens", { exact: true }).waitFor();
    await inspector.getByRole("button", { name: "Show curl" }).press("Enter");
    expect(await inspector.getByRole("figure", { name: "curl" }).innerText()).toContain("$(npx soma");
    await page.keyboard.press("Escape");
    await inspector.waitFor({ state: "detached" });
    expect([await focused(page), new URL(page.url()).search]).toEqual(["Steps of the run", ""]);
  });

  it("tells of a call what was asked, which policy let it through, and how it ended", async () => {
    const { page } = stage().open;
    await page.locator('[data-step="5"]').click();
    const inspector = page.getByRole("complementary");
    await inspector.getByText("Policy", { exact: true }).waitFor();
    expect(await inspector.getByRole("region", { name: "Decision" }).innerText()).toMatch(/allowed: \w+/);
  });

  it.each([
    ["a step beside the timeline", "", "complementary"],
    ["an event beside the events", "view=events&event=2", "complementary"],
    ["a step beside the graph", "view=graph&step=2", "complementary"],
    ["what differs between two states", "view=state&seq=3&from=1", "list"],
  ] as const)("has no fault that axe finds with %s, at each width, light and dark", async (_name, search, part) => {
    const { page } = stage().open;
    const url = new URL(page.url());
    if (search !== "") await page.goto(`${url.origin}${url.pathname}?${search}`);
    await page.locator("[data-view]").getByRole(part).last().waitFor();
    await looksFine(page);
  });

  it("shows the graph and a state by keys alone, and forks the run with another question", () => forksByKeys(stage()));

  it("leads to the chat of the run, and from there back to its timeline", async () => {
    const { page } = stage().open;
    const { pathname } = new URL(page.url());
    await page.getByRole("link", { name: "Chat", exact: true }).last().press("Enter");
    await page.getByRole("log").waitFor();
    await page.getByRole("link", { name: "Timeline" }).last().press("Enter");
    await page.getByRole("tree", { name: "Steps of the run" }).waitFor();
    expect(new URL(page.url()).pathname).toBe(pathname);
  });
}

async function forksByKeys({ open, product }: Stage): Promise<void> {
  const { page } = open;
  await page.getByRole("tree", { name: "Checkpoints" }).focus();
  for (const key of ["v", "g"]) await page.keyboard.press(key);
  const nodes = page.getByRole("list", { name: "Nodes of the graph" });
  await nodes.getByRole("button", { name: /^recall/ }).focus();
  for (const key of ["ArrowDown", "Enter"]) await page.keyboard.press(key);
  await page.getByRole("complementary", { name: /^Step/ }).waitFor();
  expect(await focused(page)).toMatch(/^Step \d+$/);
  await page.keyboard.press("Escape");
  await page.getByRole("complementary").waitFor({ state: "detached" });
  expect(await focused(page)).toMatch(/^model/);
  for (const key of ["v", "s", "[", "f"]) await page.keyboard.press(key);
  const dialog = page.getByRole("dialog", { name: "Fork the run" });
  await dialog.getByText(/after this point asked/).waitFor();
  expect(await findFaults(page)).toEqual([]);
  await page.keyboard.press("Control+a");
  await page.keyboard.insertText("What is 6*8?");
  await page.keyboard.press("Control+Enter");
  await dialog.waitFor({ state: "detached" });
  await reaches(page, "ENDED");
  const forked = new URL(page.url()).pathname.split("/").at(-1) ?? "";
  expect((await product.ended(forked)).answer).toContain("48");
  expect(await focused(page)).toBe("What is 6*8?");
  await page.getByText("Forked from").waitFor();
}
