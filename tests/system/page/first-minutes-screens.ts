import type { Locator, Page } from "playwright-core";
import { expect, it } from "vitest";
import { NARROW, reaches, sideways, WIDE } from "./browser-page.ts";
import { takePictures } from "./first-minutes-pictures.ts";
import type { Stage } from "./stage.ts";

type InUse = Pick<Stage, "product" | "open">;

/** What is opened over a screen, or is one that nobody comes by in the first minutes. */
interface Screen {
  name: string;
  /** Leads there, and gives the part that has to be in sight whole. */
  open(page: Page): Promise<Locator>;
  /** Whether it is too long for a telephone, and is scrolled there. */
  scrolls?: boolean;
  /** Leaves nothing behind. */
  leave?(page: Page): Promise<void>;
}

const dialogOf = (page: Page, name: string): Locator => page.getByRole("dialog", { name });

/** The screens of a product that has a run which ended and one that goes on. */
function screensOf(url: string, { ended, session, going }: Record<"ended" | "session" | "going", string>): Screen[] {
  const toRun = async (page: Page, view: string): Promise<void> => {
    await page.goto(`${url}/runs/${ended}?view=${view}`);
    await reaches(page, "ENDED");
  };
  const toConversation = async (page: Page, button: string): Promise<void> => {
    await page.goto(`${url}/chat/${session}`);
    await page.getByRole("button", { name: button }).click();
  };
  return [
    {
      name: "palette",
      async open(page) {
        await toRun(page, "timeline");
        await page.keyboard.press("Control+k");
        await page.getByRole("dialog").getByRole("option").first().waitFor();
        return dialogOf(page, "Search or jump");
      },
    },
    {
      name: "keys",
      scrolls: true,
      async open(page) {
        await toRun(page, "timeline");
        await page.keyboard.press("?");
        return dialogOf(page, "Keys");
      },
    },
    {
      name: "fork",
      async open(page) {
        await toRun(page, "timeline");
        await page.keyboard.press("f");
        await page.getByText(/after this point asked/).waitFor();
        await page.getByLabel("What is asked").fill("What is 6*9?");
        return dialogOf(page, "Fork the run");
      },
    },
    {
      name: "rollback",
      async open(page) {
        await toRun(page, "state");
        await page.getByRole("tree", { name: "Checkpoints" }).getByRole("treeitem").nth(1).click();
        await page.getByRole("button", { name: "Roll back to here…" }).click();
        await page.getByText(/after this point asked/).waitFor();
        return dialogOf(page, "Roll the run back");
      },
    },
    {
      name: "rename",
      async open(page) {
        await toConversation(page, "Rename…");
        return dialogOf(page, "Rename the conversation");
      },
    },
    {
      name: "export",
      async open(page) {
        await toConversation(page, "Export…");
        return dialogOf(page, "Export the conversation");
      },
    },
    {
      name: "cancel",
      async open(page) {
        await page.goto(`${url}/runs`);
        const rows = page.locator("tr[data-run]");
        await page.locator(`tr[data-run="${going}"]`).getByRole("checkbox").check();
        await rows.nth(1).getByRole("checkbox").check();
        await page.getByRole("button", { name: "Cancel…" }).click();
        await page.getByText("1 of 2 would be canceled; 1 already finished.").waitFor();
        return dialogOf(page, "Cancel runs");
      },
      async leave(page) {
        await page.getByRole("button", { name: "Cancel 1 run", exact: true }).click();
        await page.getByRole("dialog").waitFor({ state: "detached" });
      },
    },
  ];
}

/** How far a part stands out of the window, on any side; nothing, where all of it is in sight. */
async function cutOf(page: Page, part: Locator): Promise<number> {
  const box = (await part.boundingBox()) ?? expect.unreachable("it is not there");
  const size = page.viewportSize() ?? WIDE;
  return Math.max(-box.x, -box.y, box.x + box.width - size.width, box.y + box.height - size.height, 0);
}

/** How much of a part is to be scrolled to. */
const hiddenOf = (part: Locator): Promise<number> =>
  part.evaluate(({ scrollHeight, clientHeight }) => scrollHeight - clientHeight);

/** That nothing of a part is cut, wide or on a telephone. */
export async function isWhole(page: Page, name: string, part: Locator, scrolls = false): Promise<void> {
  await part.waitFor();
  for (const size of [WIDE, NARROW]) {
    await page.setViewportSize(size);
    const hidden = scrolls ? 0 : await hiddenOf(part);
    const is = { cut: await cutOf(page, part), sideways: await sideways(page), hidden };
    expect([name, size.width, is]).toEqual([name, size.width, { cut: 0, sideways: 0, hidden: 0 }]);
  }
  await page.setViewportSize(WIDE);
}

/** What is left of the screens of the user manual: each is in sight whole, on a telephone too, and has its picture taken. */
export function isInSightWhole(stage: () => InUse): void {
  it("have dialogs that are in sight whole on a telephone: palette, keys, fork, rollback, rename, export, bulk cancel", async () => {
    const { product, open } = stage();
    const ended = await product.send("What is 6*7?");
    const session = (await product.ended(ended)).session.id;
    const going = await product.send("Run code: await sleep(60000)");
    for (const { name, open: lead, scrolls, leave } of screensOf(product.url(), { ended, session, going })) {
      await isWhole(open.page, name, await lead(open.page), scrolls);
      await takePictures(open.page, name);
      await (leave?.(open.page) ?? open.page.keyboard.press("Escape"));
    }
    await product.ended(going);
  });
}
