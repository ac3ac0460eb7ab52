import type { Locator } from "playwright-core";
import { expect, it } from "vitest";
import { fillTrueRun, type ToldEvent } from "../../../subgraphs/runs/testing/fill-true-run.ts";
import { withDatabase } from "../product-database.ts";
import { fillEverySort } from "./accessible-run.ts";
import { follows, reaches } from "./browser-page.ts";
import type { Stage } from "./stage.ts";

/** What those hear who do not see the page. */
export function isTold(stage: () => Stage): void {
  it("is told as these parts and words by a run and by the dialogs over it", () =>
    withDatabase(stage().product.dataDir, "runs", async ({ sql }) => {
      const { open, door } = stage();
      const { page } = open;
      const dialog = page.getByRole("dialog");
      const { runId } = await fillEverySort(sql);
      await page.goto(`${door.url}/runs/${runId}?step=6`);
      await follows(page);
      await page.getByRole("button", { name: "Approve" }).waitFor();
      await page.getByRole("complementary").getByText("Loading").waitFor({ state: "detached" });
      expect(await told(page.getByRole("main"))).toMatchSnapshot("a run");
      await page.getByRole("button", { name: "Cancel…" }).press("Enter");
      await dialog.getByRole("button", { name: "Keep it" }).waitFor();
      expect(await told(dialog)).toMatchSnapshot("the dialog of canceling");
      await page.keyboard.press("Escape");
      await dialog.waitFor({ state: "detached" });
      await page.keyboard.press("?");
      expect(await told(dialog)).toMatchSnapshot("the keys");
      await page.keyboard.press("Escape");
    }));

  it("is told as these parts and words by the dialog that forks a run", async () => {
    const { open, door, product } = stage();
    const { page } = open;
    const runId = await product.send("What is 6*7?");
    await product.ended(runId);
    await page.goto(`${door.url}/runs/${runId}`);
    await reaches(page, "ENDED");
    await page.getByRole("button", { name: "Fork…" }).press("Enter");
    await page
      .getByRole("dialog")
      .getByText(/after this point asked/)
      .waitFor();
    expect(await told(page.getByRole("dialog"))).toMatchSnapshot("the dialog that forks");
    await page.keyboard.press("Escape");
  });

  it("is told as a list by the graph of a run", async () => {
    const { page } = stage().open;
    for (const key of ["v", "g"]) await page.keyboard.press(key);
    const nodes = page.getByRole("list", { name: "Nodes of the graph" });
    await nodes.getByRole("button", { name: /^recall/ }).waitFor();
    expect(await told(nodes)).toMatchSnapshot("the graph, as a list");
  });

  it("says a long answer in sentences, one announcement in two seconds at most", () =>
    withDatabase(stage().product.dataDir, "runs", async ({ sql }) => {
      const { page } = stage().open;
      const run = await fillTrueRun(sql, { tenant: "local", text: "Tell me much" });
      await page.goto(`${stage().door.url}/chat/${run.sessionId}`);
      await follows(page);
      await page.evaluate(noteAnnouncements);
      await run.append(BEGINNING);
      for (let word = 1; word <= 200; word += 1) await run.append([piece(word)]);
      await page.getByRole("log").getByText("word 200.").waitFor();
      await run.end([]);
      await page.locator("[data-announcer]", { hasText: "The run is finished." }).waitFor({ state: "attached" });
      const said = await page.evaluate(() => (window as unknown as { said: Said[] }).said);
      expect(said.length).toBeGreaterThanOrEqual(2);
      expect(said.filter(({ text }) => !text.endsWith("."))).toEqual([]);
      const pauses = said.slice(1).map(({ at }, index) => at - (said[index]?.at ?? 0));
      expect(pauses.filter((pause) => pause < 1_900)).toEqual([]);
    }));
}

const step = "1 model";
const BEGINNING: readonly ToldEvent[] = [
  { kind: "STEP_STARTED", step, payload: { summary: "Asking the model" } },
  {
    kind: "STREAM_START",
    step,
    payload: { delim: "start", stream: "s", seq: 0, tool: null, call_id: "s", content_type: "text/markdown" },
  },
];

function piece(word: number): ToldEvent {
  const data = word % 8 === 0 ? `word ${word}. ` : "word ";
  return { kind: "STREAM_DATA", step, payload: { stream: "s", seq: word, data } };
}

/** The tree of a part as those hear it who do not see it, without what is of the day. */
async function told(part: Locator): Promise<string> {
  return (
    (await part.ariaSnapshot())
      .replace(/[0-9a-f]{8}-[0-9a-f-]{27}(?:\.\d+)?/g, "ID")
      .replace(/\b(?=\w*\d)[0-9a-f]{8,}\b/g, "HASH")
      .replace(/\b\d+:\d\d(?::\d\d)?(?: [AP]M)?\b/g, "TIME")
      .replace(/\b[\d.,]+ (?:ms|s|µs)\b/g, "A WHILE")
      .replace(/\d+ fitting memor(?:y|ies)|Nothing fitting is remembered/g, "WHAT IS REMEMBERED")
      // Whether a while was long among the others depends on the moment.
      .replace(/ ‖ .*? drawn short/g, "")
      .replace(/today|yesterday|\d{4}-\d\d-\d\d/g, "DAY")
  );
}

interface Said {
  at: number;
  text: string;
}

function noteAnnouncements(): void {
  const said: Said[] = [];
  Object.assign(window, { said });
  new MutationObserver((changes) => {
    const added = changes.flatMap(({ addedNodes }) => [...addedNodes]).map(({ textContent }) => textContent ?? "");
    if (added.length > 0) said.push({ at: performance.now(), text: added.join(" ") });
  }).observe(document.querySelector("[data-announcer]") ?? document, { childList: true });
}
