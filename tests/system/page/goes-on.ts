import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { until } from "@soma/shared/testing/until";
import type { Page } from "playwright-core";
import { expect, it } from "vitest";
import type { RunDetail } from "../product.ts";
import { findFaults, focused, reaches, tabTo, takeFaults } from "./browser-page.ts";
import type { Stage } from "./stage.ts";

/** What goes on from an event of a run, pressed by nobody's mouse: it does what was said before, and nothing else. */
export function goesOnAsSaid(stage: () => Stage): void {
  let runId: string;

  it("rolls a run back by keys alone, and does again each step that the dialog named, and none that it did not", async () => {
    const { open, door, product } = stage();
    const { page } = open;
    runId = await product.send("What is 6*7?");
    const before = (await product.ended(runId)).steps?.nodes ?? [];
    await page.goto(`${door.url}/runs/${runId}`);
    await reaches(page, "ENDED");
    await toStateAfterQuestion(page);
    await tabTo(page, /^Roll back to here…$/);
    await page.keyboard.press("Enter");
    const dialog = page.getByRole("dialog", { name: "Roll the run back" });
    await dialog.getByText(/after this point asked/).waitFor();
    expect(await findFaults(page)).toEqual([]);
    const plan = await plannedIn(page);
    expect(plan).toEqual(["policy done again", "tool done again", "model done again", "remember done again"]);
    await page.keyboard.press("Escape");
    await dialog.waitFor({ state: "detached" });
    expect([await focused(page), (await product.ended(runId)).steps?.nodes.length]).toEqual([
      "Roll back to here…",
      before.length,
    ]);
    await page.keyboard.press("Enter");
    await dialog.getByText(/after this point asked/).waitFor();
    await tabTo(page, /^Roll back$/);
    await page.keyboard.press("Enter");
    await dialog.waitFor({ state: "detached" });
    await reaches(page, "ENDED");
    const after = await product.ended(runId);
    expect([after.status, await focused(page)]).toEqual(["SUCCEEDED", "What is 6*7?"]);
    expect(outside(after, before.length)).toEqual(plan.map(toNode));
    expect(after.invocations?.nodes.length).toBe(2);
  });

  it("forks a run by keys alone, and calls no tool again where its result is told to stand", async () => {
    const { open, door, product } = stage();
    const { page } = open;
    await page.goto(`${door.url}/runs/${runId}`);
    await reaches(page, "ENDED");
    await toStateAfterQuestion(page);
    await page.keyboard.press("f");
    const dialog = page.getByRole("dialog", { name: "Fork the run" });
    await dialog.getByText(/after this point asked/).waitFor();
    const taken = ["policy", "tool", "model", "remember"].map((node) => `${node} taken back by a rollback`);
    expect((await plannedIn(page)).slice(0, 4)).toEqual(taken);
    await tabTo(page, /^What becomes of step 13$/);
    await page.keyboard.type("its");
    const plan = (await plannedIn(page)).slice(4);
    expect(plan).toEqual(["policy done again", "tool its result stands", "model done again", "remember done again"]);
    await page.keyboard.press("Control+Enter");
    await dialog.waitFor({ state: "detached" });
    await reaches(page, "ENDED");
    const forked = new URL(page.url()).pathname.split("/").at(-1) ?? "";
    const after = await product.ended(forked);
    expect([after.answer, after.invocations?.nodes, await focused(page)]).toEqual(["6*7 = 42.", [], "What is 6*7?"]);
    expect(outside(after, 2)).toEqual(plan.map(toNode));
  });

  it("has a note written once by a run that was killed, forked and rolled back, where its result is told to stand", () =>
    notesOnce(stage()));

  it("takes another theme by keys alone, and keeps it for the next time", async () => {
    const { page } = stage().open;
    await page.emulateMedia({ colorScheme: "light" });
    const canvas = (): Promise<string> => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const light = await canvas();
    await page.getByRole("link", { name: "Skip to content" }).focus();
    await tabTo(page, /Dark/);
    await page.keyboard.type("Dark");
    const dark = await canvas();
    expect(dark).not.toBe(light);
    expect(await findFaults(page)).toEqual([]);
    await page.reload();
    expect(await canvas()).toBe(dark);
    await page.getByRole("link", { name: "Skip to content" }).focus();
    await tabTo(page, /Dark/);
    await page.keyboard.type("System");
    expect(await canvas()).toBe(light);
  });
}

async function notesOnce({ open, door, product }: Stage): Promise<void> {
  const { page } = open;
  const mark = "written once for all of it";
  const noted = () => countNotes(product.dataDir, mark);
  const id = await product.send(`Note: ${mark}. Then run code: await sleep(3000); console.log('slept')`);
  await page.goto(`${door.url}/runs/${id}`);
  await until("it is noted", async () => (await noted()) > 0);
  await product.kill();
  await product.start();
  door.leadTo(product.url());
  await reaches(page, "ENDED");
  const killed = await product.ended(id);
  expect([killed.status, killed.recoveries, await noted()]).toEqual(["SUCCEEDED", 1, 1]);
  expect(takeFaults(open)).toEqual([]);

  await toStateAfterQuestion(page);
  await page.keyboard.press("f");
  await letCallsStand(page, "Fork the run");
  await reaches(page, "ENDED");
  const forked = await product.ended(new URL(page.url()).pathname.split("/").at(-1) ?? "");
  expect([forked.status, forked.answer, await noted()]).toEqual(["SUCCEEDED", killed.answer, 1]);

  await page.goto(`${door.url}/runs/${id}`);
  await reaches(page, "ENDED");
  await toStateAfterQuestion(page);
  await tabTo(page, /^Roll back to here…$/);
  await page.keyboard.press("Enter");
  await letCallsStand(page, "Roll the run back");
  const back = await product.ended(id);
  expect([back.status, back.answer, await noted()]).toEqual(["SUCCEEDED", killed.answer, 1]);
  // The steps were done again, and stand for what they did before.
  expect(outside(back, killed.steps?.nodes.length ?? 0).filter((node) => node === "tool")).toEqual(["tool", "tool"]);
}

/** The second checkpoint is what the model had asked for; then its tool is called. */
async function toStateAfterQuestion(page: Page): Promise<void> {
  for (const key of ["v", "s"]) await page.keyboard.press(key);
  await tabTo(page, /^Checkpoints$/);
  for (const key of ["Home", "ArrowDown", "ArrowDown", "Enter"]) await page.keyboard.press(key);
  await page.waitForURL(/seq=\d+/);
}

/** Says by keys, in the dialog, of each call of a tool that its result stands, and lets the run go on. */
async function letCallsStand(page: Page, name: string): Promise<void> {
  const dialog = page.getByRole("dialog", { name });
  await dialog.getByText(/after this point asked/).waitFor();
  const calls = dialog.getByRole("listitem").filter({ has: page.getByText("tool", { exact: true }) });
  const labels = await calls
    .getByRole("combobox")
    .evaluateAll((all) => all.map((each) => each.getAttribute("aria-label") ?? ""));
  expect(labels).toHaveLength(2);
  for (const label of labels) {
    await tabTo(page, new RegExp(`^${label}$`));
    await page.keyboard.type("its");
  }
  const plan = (await plannedIn(page)).filter((planned) => toNode(planned) === "tool");
  expect(plan).toEqual(["tool its result stands", "tool its result stands"]);
  await page.keyboard.press("Control+Enter");
  await dialog.waitFor({ state: "detached" });
}

/** The lines with these words in the notes of the tenant, of which the tool makes a file when it has the first. */
async function countNotes(dataDir: string, words: string): Promise<number> {
  const notes = await readFile(join(dataDir, "notes", "local", "notes.md"), "utf8").catch(() => "");
  return notes.split("\n").filter((line) => line.includes(words)).length;
}

/** The steps that a dialog names, and what is to become of each. */
function plannedIn(page: Page): Promise<string[]> {
  const lines = page.getByRole("dialog").getByRole("listitem");
  return lines.evaluateAll((all) =>
    all.map((line) => {
      const becomes = line.querySelector("select")?.selectedOptions[0] ?? line.lastElementChild;
      return `${line.querySelector("strong")?.textContent} ${becomes?.textContent}`;
    }),
  );
}

const toNode = (planned: string): string => planned.split(" ", 1)[0] ?? "";

/** The nodes of steps after so many of a run that reach outside, in their order. */
function outside({ steps }: RunDetail, after: number): string[] {
  return (steps?.nodes ?? [])
    .filter(({ number, nodeType }) => number > after && !["branch", "answer"].includes(nodeType))
    .map(({ nodeId }) => nodeId);
}
