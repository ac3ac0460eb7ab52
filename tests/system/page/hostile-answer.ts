import { expect, it } from "vitest";
import { fillTrueRun, type ToldEvent } from "../../../subgraphs/runs/testing/fill-true-run.ts";
import { withDatabase } from "../product-database.ts";
import { follows } from "./browser-page.ts";
import type { Stage } from "./stage.ts";

/** An answer is drawn as Markdown, in which there are more ways to a script and to another place than in plain words. */
const ANSWER = [
  "Here is the answer. <script>window.ran = 1</script> <button>Approve all</button>",
  "![inline](https://elsewhere.invalid/a.png) ![by reference][far] ![without a scheme](//elsewhere.invalid/c.png)",
  "![drawn](data:image/svg+xml,%3Csvg%20onload='window.ran=1'%3E) <img src=https://elsewhere.invalid/d.png onerror=window.ran=1>",
  "[press](javascript:window.ran=1) [or this](JaVaScRiPt&colon;window.ran=1) <javascript:window.ran=1>",
  "[a page](data:text/html,<script>window.ran=1</script>) [my bank](https://elsewhere.invalid/login)",
  "[far]: https://elsewhere.invalid/b.png 'far'",
  "That is all.",
].join("\n\n");

/** What the page promises of an answer whose author wants to be more than read. */
export function drawsAnswersAsWords(stage: () => Stage): void {
  it("draws an answer without a script, a button or a picture of it, and says of each link where it leads", () =>
    withDatabase(stage().product.dataDir, "runs", async ({ sql }) => {
      const { page } = stage().open;
      const dialogs: string[] = [];
      page.on("dialog", (dialog) => {
        dialogs.push(dialog.message());
        void dialog.dismiss();
      });
      const run = await fillTrueRun(sql, { tenant: "local", text: "Tell me something" });
      await run.append(answering(ANSWER));
      await page.goto(`${stage().door.url}/chat/${run.sessionId}`);
      await follows(page);
      const log = page.getByRole("log");
      await log.getByText("That is all.").waitFor();
      for (const words of ["press", "or this", "a page"]) await log.getByText(words).first().click();
      const away = log.locator("a:not([href^='/'])");
      const led = await away.evaluateAll((links) => links.map((link) => link.getAttribute("href")));
      // An address that stands in the text as such leads where it says.
      expect(led).toEqual(["https://elsewhere.invalid/d.png", "https://elsewhere.invalid/login"]);
      expect(await log.locator("script, iframe, object, img, [onerror], [onload]").count()).toBe(0);
      expect(await page.getByRole("button", { name: "Approve" }).count()).toBe(0);
      expect(await log.getByText(/Image from elsewhere\.invalid not loaded/).count()).toBe(3);
      expect(await log.innerText()).toContain("my bank (elsewhere.invalid)");
      // Requests to other places are faults of the page, and so are those that its policy forbids.
      expect([await page.evaluate(() => "ran" in window), dialogs]).toEqual([false, []]);
    }));
}

const step = "1 model";

function answering(text: string): readonly ToldEvent[] {
  const start = { delim: "start", stream: "s", seq: 0, tool: null, call_id: "s", content_type: "text/markdown" };
  return [
    { kind: "STEP_STARTED", step, payload: { summary: "Asking the model" } },
    { kind: "STREAM_START", step, payload: start },
    { kind: "STREAM_DATA", step, payload: { stream: "s", seq: 1, data: text } },
  ];
}
