import { RunStateDiffDocument, RunStateDocument } from "@soma/graphql/operations";
import { screen, waitFor, within } from "@testing-library/react";
import { expect, test } from "vitest";
import { createTestApi, refusal } from "../../../testing/api.ts";
import { address } from "../../../testing/page.tsx";
import { idOf, runningRun, runOf } from "../../../testing/runs.ts";
import { type Line, started, WHOLE_RUN } from "../../run-log/testing/history.ts";
import { feed, ID, openInShell, openRun } from "./testing/open-run.tsx";

const at = (search: string) => `/runs/${ID}?view=state${search}`;
const checkpoints = async () =>
  within(await screen.findByRole("tree", { name: "Checkpoints" }))
    .getAllByRole("treeitem")
    .map(({ dataset }) => Number(dataset.seq));
const state = async () => (await screen.findByRole("figure", { name: "The state" })).textContent;

test("the state after each step is one key away, and has an address", async () => {
  const { user, feeds } = openInShell(createTestApi([runOf(1)]), "?view=state");
  await feed(feeds, WHOLE_RUN);
  expect(await checkpoints()).toEqual([1, 3, 9, 10, 12, 18, 24, 25]);
  expect(await state()).toBe('{\n  "at": 25\n}');
  expect(screen.getByRole("heading", { name: "State at step 7, answer" })).toBeDefined();
  screen.getByRole("tree").focus();
  await user.keyboard("{Home}{ArrowDown}{Enter}");
  expect(address()).toBe(at("&seq=3"));
  await waitFor(async () => expect(await state()).toContain("3"));
  await user.keyboard("]");
  expect(address()).toBe(at("&seq=9"));
  await user.keyboard("[[[[[[");
  expect(address()).toBe(at("&seq=1"));
  screen.getByRole("tree").focus();
  await user.keyboard("{Escape}");
  expect(address()).toBe(at(""));
});

test("two states are compared, in words and signs beside their values", async () => {
  const api = createTestApi([runOf(1)]);
  api.stateDiff = (fromSeq, toSeq) => [
    { op: "REPLACE", path: "/messages/0/content", before: `of ${fromSeq}`, after: `of ${toSeq}` },
    { op: "ADD", path: "/answer", before: null, after: { is: 42 } },
    { op: "REMOVE", path: "/calls/0", before: "", after: null },
  ];
  const { user, feeds } = openRun(api, "?view=state&seq=9");
  await feed(feeds, WHOLE_RUN);
  await user.click(await screen.findByRole("link", { name: "Changes since the one before" }));
  expect(address()).toBe(at("&seq=9&from=3"));
  const changes = within(await screen.findByRole("list", { name: "Changes" })).getAllByRole("listitem");
  expect(changes.map(({ textContent }) => textContent)).toEqual([
    "~ messages[0].content changedof 3of 9",
    '+ answer added{\n  "is": 42\n}',
    '− calls[0] removed""',
  ]);
  expect(screen.getByText("1 added, 1 removed, 1 changed")).toBeDefined();
  expect(screen.queryByRole("link", { name: "Changes since the one before" })).toBeNull();
  await user.click(screen.getByRole("link", { name: "Changes since the start" }));
  expect(address()).toBe(at("&seq=9&from=1"));
  const field = await screen.findByRole("spinbutton");
  await user.clear(field);
  await user.type(field, "18{Enter}");
  expect(address()).toBe(at("&seq=9&from=18"));
  api.stateDiff = () => [];
  await user.click(await screen.findByRole("link", { name: "Whole state" }));
  expect([address(), await state()]).toEqual([at("&seq=9"), '{\n  "at": 9\n}']);
});

test("an event within a step has a state, and leads to the checkpoints beside it", async () => {
  const { user, feeds } = openRun(createTestApi([runOf(1)]), "?view=events&event=11");
  await feed(feeds, WHOLE_RUN);
  await user.click(await screen.findByRole("link", { name: "State at this event" }));
  expect(screen.queryByRole("button", { name: "Fork from here…" })).toBeNull();
  expect(screen.getByText(/within a step/).textContent).toBe(
    "Here the run is within a step. It can go on from event 10 or event 12.",
  );
  await user.click(screen.getByRole("link", { name: "event 12" }));
  expect(screen.getByRole("button", { name: "Fork from here…" })).toBeDefined();
});

test("what the origin of a fork wrote leads to that run", async () => {
  const { user, feeds } = openInShell(createTestApi([runOf(1)]), "?view=state&seq=1");
  await feed(feeds, [started, ["STEP_SUCCEEDED", "1 model", {}]], false, 1, idOf(7));
  await feed(feeds, [["RUN_FORKED", null, {}] as Line], true, 3);
  const link = await screen.findByRole("link", { name: "Go on from it there" });
  expect(link.getAttribute("href")).toBe(`/runs/${idOf(7)}?view=state&seq=1`);
  expect(screen.queryByRole("button", { name: "Fork from here…" })).toBeNull();
  await user.click(screen.getByRole("link", { name: "Timeline" }));
  await user.click(await screen.findByRole("treeitem"));
  expect(screen.getByRole("link", { name: "State after it" })).toBeDefined();
  expect(screen.queryByRole("button", { name: /^Fork (?:before|after)/ })).toBeNull();
  await user.keyboard("f");
  expect(within(screen.getByRole("dialog")).getByText(/From event 3, the start of the fork/)).toBeDefined();
});

test("of a run that goes on the newest state is asked for now and then, and not at each step", async () => {
  const api = createTestApi([runningRun(1)]);
  const { feeds } = openRun(api, "?view=state");
  await feed(feeds, [], false);
  await screen.findByText("No state yet.");
  const steps = (from: number): Line[] =>
    Array.from({ length: 20 }, (_, index) => ["STEP_SUCCEEDED", `${from + index} mine`, {}]);
  await feed(feeds, [started, ...steps(1)], false);
  for (const seq of [22, 42, 62]) await feed(feeds, steps(seq - 1), false, seq);
  await waitFor(async () => expect(await state()).toContain("81"));
  expect(api.asked("RunState").length).toBeLessThan(4);
});

test("a state that cannot be told says why, and is asked for again", async () => {
  const api = createTestApi([runOf(1)]);
  api.stateAt = () => {
    throw refusal("run 1 has no event 99; it has 1 to 26", "BAD_INPUT", true);
  };
  const { user, feeds } = openRun(api, "?view=state&seq=99");
  await feed(feeds, WHOLE_RUN);
  const note = await screen.findByRole("alert");
  expect(note.textContent).toContain("The state could not be told. Run 1 has no event 99");
  expect(screen.getByRole("heading", { name: "State at event 99" })).toBeDefined();
  api.stateAt = () => "there";
  await user.click(within(note).getByRole("button", { name: "Try again" }));
  expect(await state()).toBe('"there"');
});

test("states that were looked at are not kept, as each may be large", async () => {
  const api = createTestApi([runOf(1)]);
  const { user, feeds } = openRun(api, "?view=state&seq=9");
  await feed(feeds, WHOLE_RUN);
  expect(await state()).toContain("9");
  await user.click(await screen.findByRole("link", { name: "Changes since the one before" }));
  await screen.findByText("From event 3 to event 9");
  await waitFor(() => expect(api.asked("RunStateDiff").length).toBeGreaterThan(0));
  const kept = (document: object, variables: object) =>
    api.client.readQuery(document.toString(), { id: ID, ...variables })?.data;
  expect([kept(RunStateDocument, { seq: 9 }), kept(RunStateDiffDocument, { fromSeq: 3, toSeq: 9 })]).toEqual([
    ...[undefined, undefined],
  ]);
});
