import { expect, it } from "vitest";
import { type BrowserPage, focused } from "./browser-page.ts";
import type { Stage } from "./stage.ts";

/** Each place with its title, and what has the focus for a reader who comes there from another one. */
const PLACES = [
  ["/runs", "Runs", "Runs"],
  ["/", "New conversation", "message"],
  ["/agents", "Agents", "Agents"],
  ["/agents/assistant", "assistant", "assistant"],
  ["/agents/nobody", "nobody", "nobody"],
  ["/api", "API", "API"],
  ["/runs/ID", "What is 8*8?", "What is 8*8?"],
  ["/runs/ID?view=graph", "Graph · What is 8*8?", undefined],
  ["/runs/ID?view=state", "State · What is 8*8?", undefined],
  ["/runs/ID?view=events", "Events · What is 8*8?", undefined],
  ["/runs/ID?view=chat", "Chat · What is 8*8?", undefined],
  ["/chat/SESSION", "What is 8*8?", "What is 8*8?"],
  ["/runs/01920000-0000-7000-8000-000000000009", "Not found", "Not found"],
  ["/chat/01920000-0000-7000-8000-000000000009", "Not found", "Not found"],
  ["/nowhere", "Not found", "Not found"],
] as const;

/** How the page says where its reader is. */
export function saysWhereOneIs(stage: () => Stage): void {
  it("has a title and one heading of each place, and gives the heading the focus, forward and back", async () => {
    const { open, door, product } = stage();
    const { page } = open;
    const runId = await product.send("What is 8*8?");
    const { session } = await product.ended(runId);
    const toPath = (path: string): string => path.replace("ID", runId).replace("SESSION", session.id);
    await page.goto(`${door.url}/agents/refund`);
    await page.getByRole("heading", { level: 1 }).waitFor();
    for (const place of PLACES) {
      await page.evaluate((path) => history.pushState(null, "", path), toPath(place[0]));
      await isAt(page, place);
    }
    for (const place of PLACES.slice(0, -1).toReversed()) {
      await page.goBack();
      await isAt(page, place);
    }
  });
}

async function isAt(page: BrowserPage["page"], [path, title, focus]: (typeof PLACES)[number]): Promise<void> {
  const found = async () => [path, await page.title(), await page.locator("h1").count(), await focused(page)];
  // Another view of the same run leaves the focus where it is.
  const wanted = [path, `${title} · soma`, 1, focus ?? expect.stringMatching(/^(?!nothing$)/)];
  await expect.poll(found, { timeout: 5_000 }).toEqual(wanted);
}
