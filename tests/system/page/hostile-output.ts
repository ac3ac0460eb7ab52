import { expect, it } from "vitest";
import { type BrowserPage, reaches } from "./browser-page.ts";
import type { Stage } from "./stage.ts";

/** What runs, fetches or moves wherever it is taken for more than words. */
const HOSTILE = [
  "told to run <script>window.ran = 1</script><svg onload='window.ran = 1'></svg>",
  "<img src='http://127.0.0.1:9/pixel.png' onerror='window.ran = 1'> ![pixel](http://127.0.0.1:9/pixel.png)",
  "[press](javascript:window.ran=1) <a href='javascript:window.ran=1'>press</a> <iframe src='http://127.0.0.1:9/'></iframe>",
  // As terminals are told to clear the screen, to write in red, to name their window and to draw a link.
  "\u001b[2J\u001b[31mred\u001b[0m \u001b]0;a name\u0007named \u001b]8;;http://127.0.0.1:9/\u001b\\linked\u001b]8;;\u001b\\ \u009b1mbold",
].join(" ");

/** What the page promises of what a tool has said. */
export function showsOutputAsWords(stage: () => Omit<Stage, "open"> & { signIn(): Promise<BrowserPage> }): void {
  it("shows what a tool says as words: nothing of it runs, is fetched, or is a link that runs", async () => {
    const { product, door, signIn } = stage();
    const { page, context } = await signIn();
    const elsewhere: string[] = [];
    const dialogs: string[] = [];
    page.on("request", (request) => void (request.url().startsWith(door.url) || elsewhere.push(request.url())));
    page.on("dialog", (dialog) => {
      dialogs.push(dialog.message());
      void dialog.dismiss();
    });
    const runId = await product.send(`Run code: console.log(${JSON.stringify(HOSTILE)})`);
    await product.ended(runId);
    for (const view of ["chat", "timeline", "events", "state"]) {
      await page.goto(`${door.url}/runs/${runId}?view=${view}`);
      await reaches(page, "ENDED");
      await page.getByText("told to run").first().waitFor();
      const found = await page.evaluate(() => ({
        ran: "ran" in window,
        brought: document.querySelectorAll("main :is(script, iframe, object, img[src^='http'], svg[onload])").length,
        // The bell, the escape and their kin, which only terminals take.
        // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
        raw: /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/.test(document.documentElement.outerHTML),
        links: [...document.querySelectorAll("a")].filter(({ href }) => !/^https?:|^mailto:|^$/.test(href)).length,
      }));
      expect([view, found]).toEqual([view, { ran: false, brought: 0, raw: false, links: 0 }]);
    }
    expect([elsewhere, dialogs]).toEqual([[], []]);
    await context.close();
  });

  it("takes a line of five million characters, and hears keys beside it", async () => {
    const { product, door, signIn } = stage();
    const { page, context } = await signIn();
    const runId = await product.send("Run code: console.log('x'.repeat(5000000))");
    await product.ended(runId);
    await page.goto(`${door.url}/runs/${runId}?view=chat`);
    await reaches(page, "ENDED");
    await page.keyboard.press("?");
    await page.getByRole("dialog").waitFor();
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    expect(wide).toBe(0);
    await context.close();
  });
}
