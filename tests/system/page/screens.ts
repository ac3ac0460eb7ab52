import type { Locator } from "playwright-core";
import { type BrowserPage, reaches } from "./browser-page.ts";
import type { Stage } from "./stage.ts";

type Page = BrowserPage["page"];

/** Something to see: its path, with the id of a run in it, what leads to it from there, and what is there then. */
export interface Screen {
  what: string;
  path: string;
  lead?(page: Page): Promise<void>;
  shown(page: Page): Locator;
}

/** A screen over another one, to which the focus goes back, to what says these words. */
export interface OverScreen extends Screen {
  lead(page: Page): Promise<void>;
  back: string;
}

/** Runs that the paths name: one that asks a person, and one that has ended. */
export interface ScreenRuns {
  asked: string;
  ended: string;
}

export const says = (words: string | RegExp) => (page: Page) => page.getByText(words).first();
const dialog = (page: Page): Locator => page.getByRole("dialog").getByRole("button").last();
const byButton = (name: string) => (page: Page) =>
  page.getByRole("button", { name, exact: true }).first().press("Enter");
const byKey = (key: string) => async (page: Page) => {
  await page.getByRole("link", { name: "Skip to content" }).focus();
  await page.keyboard.press(key);
};

export const SCREENS: readonly Screen[] = [
  { what: "the first screen", path: "/", shown: says("Ask something, and watch how it is answered.") },
  { what: "the agents", path: "/agents", shown: says("Choose an agent.") },
  { what: "an agent that is not there", path: "/agents/nobody", shown: says("There is no agent nobody.") },
  {
    what: "a run that is not there",
    path: "/runs/01920000-0000-7000-8000-000000000009",
    shown: says("There is no run"),
  },
  { what: "a list with nothing in it", path: "/runs?text=nobody+asked+this", shown: says("No runs match") },
];

export const DIALOGS: readonly OverScreen[] = [
  { what: "the dialog of canceling", path: "/runs/ASKED", lead: byButton("Cancel…"), shown: dialog, back: "Cancel…" },
  {
    what: "the dialog of canceling many",
    path: "/runs",
    async lead(page) {
      await page.getByRole("checkbox", { name: "Choose all on this page" }).press("Space");
      await byButton("Cancel…")(page);
    },
    shown: says(/would be canceled/),
    back: "Cancel…",
  },
  { what: "the dialog of forking", path: "/runs/ENDED", lead: byButton("Fork…"), shown: dialog, back: "Fork…" },
  {
    what: "the dialog of rolling back",
    path: "/runs/ENDED?view=state&seq=1",
    lead: byButton("Roll back to here…"),
    shown: dialog,
    back: "Roll back to here…",
  },
  {
    what: "the dialog of a new name",
    path: "/runs/ENDED?view=chat",
    lead: byButton("Rename…"),
    shown: dialog,
    back: "Rename…",
  },
  {
    what: "the dialog of an export",
    path: "/runs/ENDED?view=chat",
    lead: byButton("Export…"),
    shown: dialog,
    back: "Export…",
  },
  { what: "the keys", path: "/runs/ENDED", lead: byKey("?"), shown: dialog, back: "Skip to content" },
  {
    what: "the palette",
    path: "/runs/ENDED",
    lead: byKey("Control+k"),
    shown: (page) => page.getByRole("listbox"),
    back: "Skip to content",
  },
];

/** Goes there, in the stage's page or in another one of somebody signed in. */
export async function openScreen(
  { door, open }: Pick<Stage, "door" | "open">,
  runs: ScreenRuns,
  { path, lead, shown }: Screen,
): Promise<Page> {
  const { page } = open;
  await page.goto(door.url + path.replace("ASKED", runs.asked).replace("ENDED", runs.ended));
  if (path.includes("ENDED")) await reaches(page, "ENDED");
  await page.getByRole("heading", { level: 1 }).waitFor();
  await lead?.(page);
  await shown(page).waitFor();
  return page;
}
