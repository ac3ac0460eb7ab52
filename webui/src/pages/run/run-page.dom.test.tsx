import { FIRST_FOLLOW_STATE } from "@soma/graphql/follow-state";
import { act, fireEvent, screen, waitFor, within } from "@testing-library/react";
import { expect, test, vi } from "vitest";
import { createTestApi, refusal } from "../../../testing/api.ts";
import { address, comeIntoView, setOnline } from "../../../testing/page.tsx";
import { runningRun, runOf } from "../../../testing/runs.ts";
import { type Line, started, WHOLE_RUN } from "../../run-log/testing/history.ts";
import { feed, ID, openInShell, openRun } from "./testing/open-run.tsx";

const list = (name: string) => screen.findByRole("tree", { name });
const steps = () => list("Steps of the run");
const numbers = async () =>
  within(await steps())
    .getAllByRole("treeitem")
    .map(({ dataset }) => dataset.step);

const detail = (number: number, changes: object = {}) => ({
  __typename: "Step",
  id: `${ID}.${number}`,
  number,
  nodeId: "tool",
  nodeType: "tool",
  status: "SUCCEEDED",
  attempt: 1,
  output: { tool: "calculate", output: "42" },
  startedAt: "2026-11-24T10:41:12.000Z",
  abandoned: false,
  ...changes,
});
const INVOCATION = {
  id: "i",
  status: "SUCCEEDED",
  args: { expression: "6*7" },
  output: "42",
  outputBytes: 2,
  executionMs: 4,
  attempt: 1,
};

test("a run is read by keys alone: a step is opened, tells what it did, and gives the focus back", async () => {
  const api = createTestApi([runOf(1)]);
  api.nodes[`${ID}.5`] = detail(5, { invocation: INVOCATION });
  const { user, feeds } = openRun(api);
  await feed(feeds, WHOLE_RUN);
  const tree = await steps();
  expect(await numbers()).toEqual(["1", "2", "3", "4", "5", "6"]);
  expect([screen.getByRole("heading", { level: 1 }).textContent, document.title]).toEqual([
    "Question 1",
    "Question 1 · soma",
  ]);
  tree.focus();
  await user.keyboard("{End}{ArrowUp}{Enter}");
  expect(address()).toBe(`/runs/${ID}?step=5`);
  const inspector = within(screen.getByRole("complementary", { name: "Step 5" }));
  expect(document.activeElement?.textContent).toBe("Step 5");
  expect((await inspector.findByRole("figure", { name: "Arguments" })).textContent).toBe('{\n  "expression": "6*7"\n}');
  expect(inspector.getByRole("figure", { name: "Output" }).textContent).toBe("42");
  expect(api.asked("StepDetail")).toEqual([{ id: `${ID}.5` }]);
  await user.keyboard("{Escape}");
  await waitFor(() => expect([address(), document.activeElement]).toEqual([`/runs/${ID}`, tree]));
  expect(tree.getAttribute("aria-activedescendant")).toBe("row-4");
  await user.keyboard("{Home}{PageDown}{PageUp}{ArrowUp}{a}");
  expect(tree.getAttribute("aria-activedescendant")).toBe("row-0");
});

test("small steps are shown when asked for, one by one or all, and folded again", async () => {
  const { user, feeds } = openRun(createTestApi([runOf(1)]));
  await feed(feeds, WHOLE_RUN);
  (await steps()).focus();
  await user.keyboard("{End}{ArrowRight}");
  expect((await numbers()).at(-1)).toBe("7");
  await user.keyboard("{ArrowLeft}");
  expect((await numbers()).at(-1)).toBe("6");
  await user.click(screen.getByText("+1"));
  expect((await numbers()).at(-1)).toBe("7");
  expect(address()).toBe(`/runs/${ID}`);
  await user.click(screen.getByText("−1"));
  await user.click(screen.getByRole("link", { name: "Show all steps" }));
  expect([address(), (await numbers()).length]).toEqual([`/runs/${ID}?all=1`, 7]);
});

test("a step that the address names is shown as it goes on, and asked for again when it has ended", async () => {
  const api = createTestApi([runningRun(1)]);
  api.nodes[`${ID}.1`] = detail(1, { status: "RUNNING", output: null });
  const { feeds } = openRun(api, "?step=1");
  await feed(feeds, [started, ["STEP_STARTED", "1 tool", { summary: "Calling" }]], false);
  const inspector = within(await screen.findByRole("complementary", { name: "Step 1" }));
  expect(document.activeElement).toBe(document.body);
  await waitFor(() => expect(api.asked("StepDetail")).toHaveLength(1));
  expect(document.title).toBe("Running · Question 1 · soma");
  api.nodes[`${ID}.1`] = detail(1, { output: { said: "done" } });
  await feed(feeds, [["STEP_SUCCEEDED", "1 tool", { summary: "Called" }]], false, 3);
  expect((await inspector.findByRole("figure", { name: "Output" })).textContent).toContain("done");
});

test("while a run goes on its list stays at the end, unless the reader has left it", async () => {
  const { feeds } = openRun(createTestApi([runningRun(1)]));
  const model = (number: number): Line => ["STEP_SUCCEEDED", `${number} model`, {}];
  await feed(feeds, [started, model(1)], false);
  const tree = await steps();
  vi.spyOn(tree, "scrollHeight", "get").mockReturnValue(900);
  await feed(feeds, [model(2), model(3)], false, 3);
  await waitFor(() => expect(tree.scrollTop).toBe(900));
  tree.scrollTop = 0;
  await feed(feeds, [model(4)], false, 5);
  await waitFor(async () => expect(screen.getByText(/^4 steps/)).toBeDefined());
  expect(tree.scrollTop).toBe(0);
});

test("the list of a run that goes on begins at its first line, whatever was there already", async () => {
  vi.spyOn(Element.prototype, "scrollHeight", "get").mockReturnValue(900);
  const { feeds } = openRun(createTestApi([runningRun(1, { headSeq: 2 })]));
  await feed(feeds, [started, ["STEP_SUCCEEDED", "1 model", {}]], false);
  expect((await steps()).scrollTop).toBe(0);
});

test("2,000 steps put no more lines into the page than are seen, and the last is one key away", async () => {
  const { user, feeds } = openRun(createTestApi([runOf(1)]), "?all=1");
  const many = Array.from({ length: 2_000 }, (_, index): Line => ["STEP_SUCCEEDED", `${index + 1} mine`, {}]);
  await feed(feeds, [started, ...many]);
  await screen.findByText(/^2,000 steps/);
  const tree = await steps();
  expect(within(tree).getAllByRole("treeitem").length).toBeLessThan(60);
  // This window has no sizes: where it is scrolled to is measured when it says so.
  fireEvent.scroll(tree);
  tree.focus();
  await user.keyboard("{End}");
  fireEvent.scroll(tree);
  await waitFor(async () => expect((await numbers()).at(-1)).toBe("2000"));
  expect(within(tree).getAllByRole("treeitem").length).toBeLessThan(60);
  expect(document.getElementById(tree.getAttribute("aria-activedescendant") ?? "")?.dataset.step).toBe("2000");
});

test("of 2,000 steps an event draws its own line anew, and no other", async () => {
  const { feeds } = openRun(createTestApi([runningRun(1)]));
  const many = Array.from({ length: 2_000 }, (_, index): Line => ["STEP_SUCCEEDED", `${index + 1} model`, {}]);
  await feed(feeds, [started, ["STEP_STARTED", "1 tool"], ...many.slice(1)], false);
  await screen.findByText(/^2,000 steps/);
  const tree = await steps();
  const drawn = new Set<string | undefined>();
  const looks = new MutationObserver((changes) => {
    for (const { target } of changes) {
      const at = target instanceof Element ? target : target.parentElement;
      // What a line is of how many is told on the line itself, and is not drawn.
      if (at?.getAttribute("role") !== "treeitem") drawn.add(at?.closest<HTMLElement>("[data-step]")?.dataset.step);
    }
  });
  looks.observe(tree, { subtree: true, childList: true, characterData: true, attributes: true });
  await feed(feeds, [["STEP_SUCCEEDED", "1 tool", { summary: "Called" }]], false, 2_002);
  await within(tree).findByText("Called");
  await new Promise((resolve) => setTimeout(resolve));
  looks.disconnect();
  expect([...drawn]).toEqual(["1"]);
});

test("j and k go through the lines from anywhere, n and N through what went badly, and . to what is new", async () => {
  const { user, feeds } = openInShell(createTestApi([runOf(1)]));
  const bad = { error: { code: "TIMEOUT", message: "no answer" } };
  const ends = ["SUCCEEDED", "FAILED", "SUCCEEDED", "DENIED", "SUCCEEDED"];
  await feed(feeds, [started, ...ends.map((end, at): Line => [`STEP_${end}`, `${at + 1} model`, bad])]);
  const tree = await steps();
  expect(await screen.findByText("5 steps, 2 problems")).toBeDefined();
  await user.keyboard("j");
  expect([document.activeElement, tree.getAttribute("aria-activedescendant")]).toEqual([tree, "row-0"]);
  await user.keyboard("jj");
  expect([document.activeElement, tree.getAttribute("aria-activedescendant")]).toEqual([tree, "row-2"]);
  await user.keyboard("k");
  expect(tree.getAttribute("aria-activedescendant")).toBe("row-1");
  await user.keyboard(".");
  expect(tree.getAttribute("aria-activedescendant")).toBe("row-4");
  for (const [key, step] of Object.entries({ n: 2, nn: 2, N: 4 })) {
    await user.keyboard(key);
    expect([key, address()]).toEqual([key, `/runs/${ID}?step=${step}`]);
  }
  await user.keyboard("?");
  const sheet = within(screen.getByRole("dialog", { name: "Keys" }));
  for (const key of ["j", "k", "n", "N", "."]) expect(sheet.getByText(key).tagName).toBe("KBD");
});

test("a step is copied as others ask for it, and shown to be selected where the clipboard is not the page's", async () => {
  const api = createTestApi([runOf(1)]);
  api.nodes[`${ID}.2`] = detail(2, { nodeType: "model" });
  vi.spyOn(window, "fetch").mockImplementation(async () => Response.json({ command: "npx soma --data /d signin" }));
  const { user, feeds } = openRun(api, "?step=2");
  await feed(feeds, WHOLE_RUN);
  await user.click(await screen.findByRole("button", { name: "Show CLI" }));
  await waitFor(() => expect(screen.getByRole("figure", { name: "CLI" }).textContent).toContain("--data /d"));
  await user.click(screen.getByRole("button", { name: "Copy as CLI" }));
  expect(await navigator.clipboard.readText()).toBe(`npx soma --data /d runs show ${ID} --step 2\n`);
  expect(screen.getByText("copied")).toBeDefined();
  vi.spyOn(navigator.clipboard, "writeText").mockRejectedValue(new Error("not allowed"));
  await user.click(screen.getByRole("button", { name: "Copy as curl" }));
  expect((await screen.findByRole("figure", { name: "curl" })).textContent).toContain(
    `Bearer \${SOMA_TOKEN:-$(npx soma --data /d token)}`,
  );
  await user.click(screen.getByRole("button", { name: "Hide curl" }));
  expect(screen.queryByRole("figure", { name: "curl" })).toBeNull();
});

test("events are narrowed by words, and one is shown whole", async () => {
  const { user, feeds } = openRun(createTestApi([runOf(1)]));
  await feed(feeds, WHOLE_RUN);
  await steps();
  await user.click(screen.getByRole("link", { name: "Events" }));
  await user.type(screen.getByRole("searchbox"), "tool stream_end{Enter}");
  expect(address()).toBe(`/runs/${ID}?view=events&text=tool+stream_end`);
  const events = await list("Events");
  expect(within(events).getAllByRole("treeitem")).toHaveLength(1);
  await user.click(within(events).getByRole("treeitem"));
  const event = within(screen.getByRole("complementary", { name: "Event 17" }));
  expect(event.getByRole("figure", { name: "The event" }).textContent).toContain('"type": "STREAM_END"');
  await user.keyboard("{Tab}");
  await user.click(event.getByRole("button", { name: "Close" }));
  expect(screen.queryByRole("complementary")).toBeNull();
  expect(document.activeElement).toBe(events);
});

test("a run that is not there, or cannot be loaded, says so; the rest of a step that cannot, too", async () => {
  const api = createTestApi();
  const { unmount } = openRun(api);
  expect(await screen.findByText("There is no run with this id here.")).toBeDefined();
  unmount();
  api.runs = [runOf(1)];
  api.refusals.run = refusal("the database is away", "UNAVAILABLE", true);
  const { user, feeds } = openRun(api, "?step=5");
  expect((await screen.findByRole("alert")).textContent).toContain("The run could not be loaded.");
  delete api.refusals.run;
  api.refusals.node = refusal("the database is away", "UNAVAILABLE", true);
  await user.click(screen.getByRole("button", { name: "Try again" }));
  await feed(feeds, WHOLE_RUN);
  expect((await screen.findByRole("alert")).textContent).toContain("The rest of the step could not be loaded.");
  delete api.refusals.node;
  api.nodes[`${ID}.5`] = detail(5);
  await user.click(screen.getByRole("button", { name: "Try again" }));
  expect(await screen.findByRole("figure", { name: "Output" })).toBeDefined();
});

test("what was shown of a run stays while it cannot be asked for, and a step that is not there is said to be none", async () => {
  const api = createTestApi([runningRun(1)]);
  const { user, feeds } = openRun(api, "?step=999");
  await feed(feeds, WHOLE_RUN.slice(0, 9), false);
  await steps();
  expect(screen.getByRole("status", { name: "" }).textContent).toContain("There is no step 999");
  expect(document.querySelector("[aria-selected=true]")).toBeNull();
  api.away = true;
  comeIntoView();
  await screen.findByText(/The server does not answer; it is asked again and again/);
  expect(screen.getByText(/^As of \d\d:\d\d:\d\d\.$/)).toBeTruthy();
  expect(screen.getByRole("tree", { name: "Steps of the run" })).toBeTruthy();
  setOnline(false);
  await screen.findByText("The browser has no network.");
  setOnline(true);
  api.away = false;
  api.refusals.run = refusal("the database is away", "UNAVAILABLE", true);
  await user.click(screen.getByRole("button", { name: "Try now" }));
  await screen.findByText("What the run used and started is not up to date.");
  expect(screen.queryByText(/As of/)).toBeNull();
});

test("a run that has ended is not asked for again", async () => {
  const api = createTestApi([runOf(1)]);
  const { feeds } = openRun(api);
  await feed(feeds, WHOLE_RUN);
  await steps();
  comeIntoView();
  await waitFor(() => expect(api.asked("RunPage")).toHaveLength(1));
  act(() => setOnline(false));
  expect(screen.queryByText(/As of/), "what has ended does not grow old").toBeNull();
});

test("events that cannot be read are said to be that, and not to be none", async () => {
  const api = createTestApi([runningRun(1, { headSeq: 5 })]);
  const { feeds } = openRun(api);
  await waitFor(() => expect(feeds.has(ID)).toBe(true));
  feeds.get(ID)?.params.onState({ ...FIRST_FOLLOW_STATE, phase: "RECONNECTING" });
  await screen.findByText("Loading its events…");
  feeds.get(ID)?.end(new Error("you may not see them"));
  expect(await screen.findByText("Its events could not be loaded.")).toBeTruthy();
  expect(screen.getByText(/you may not see them/)).toBeTruthy();
});
