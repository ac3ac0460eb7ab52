import { act, screen, waitFor, within } from "@testing-library/react";
import { expect, test } from "vitest";
import { navigate } from "wouter/use-browser-location";
import { createTestApi, refusal, type TestApi } from "../../../testing/api.ts";
import { address } from "../../../testing/page.tsx";
import { idOf, runOf } from "../../../testing/runs.ts";
import { WHOLE_RUN } from "../../run-log/testing/history.ts";
import { feed, ID, openInShell, openRun } from "./testing/open-run.tsx";

const effect = (number: number, choices = ["RUN_AGAIN"]) => ({
  ...{ onReturn: "RUN_AGAIN", choices },
  step: { ...{ id: `${ID}.${number}`, number, nodeId: "tool", nodeType: "tool" }, ...OTHERWISE },
});
const OTHERWISE = {
  ...{ status: "SUCCEEDED", attempt: 1, summary: "calculate answered", startedAt: "2026-11-24T10:41:12.000Z" },
  abandoned: false,
};
const dialog = (name: string) => within(screen.getByRole("dialog", { name }));
const isAble = (button: HTMLElement) => button.getAttribute("aria-disabled") !== "true";
const asked = (api: TestApi, name: string) => api.asked(name).map(({ input }) => input as Record<string, unknown>);

test("a run is forked by keys alone with another question, after saying which steps would be done again", async () => {
  const api = createTestApi([runOf(1)]);
  api.effects = [effect(5)];
  const { user, feeds } = openInShell(api);
  await feed(feeds, WHOLE_RUN);
  await screen.findByRole("tree", { name: "Steps of the run" });
  await user.keyboard("?");
  expect(dialog("Keys").getByText(/^Fork from what is shown/)).toBeDefined();
  await user.click(dialog("Keys").getByRole("button", { name: "Close" }));
  await user.keyboard("f");
  const fork = dialog("Fork the run");
  expect(await fork.findByText(/^1 step after this point asked a model, a tool, memory or policy/)).toBeDefined();
  expect(fork.getByText(/From event 1, the start/)).toBeDefined();
  expect(fork.getByRole("listitem").textContent).toBe("5tool calculate answeredSucceededdone again");
  const field = fork.getByLabelText(/What is asked/);
  expect(field).toHaveProperty("value", "Question 1");
  await user.clear(field);
  await user.type(field, "Another one{Control>}{Enter}{/Control}");
  await waitFor(() => expect(address()).toBe(`/runs/${idOf(901)}`));
  expect(screen.queryByRole("dialog")).toBeNull();
  const [input] = asked(api, "ForkRun");
  expect(input).toMatchObject({ runId: ID, atSeq: 1, input: { text: "Another one" } });
  expect(api.asked("ForkPlan")).toEqual([{ id: ID, atSeq: 1 }]);
  expect(asked(api, "RollbackRun")).toEqual([]);
  expect((await screen.findByRole("heading", { level: 1 })).textContent).toBe("Another one");
});

test("what a step came to may stand, or be left out, and each such choice has a key of its own", async () => {
  const api = createTestApi([runOf(1)]);
  api.effects = [effect(5, ["RUN_AGAIN", "REUSE", "STUB"]), effect(6, ["RUN_AGAIN", "STUB"]), effect(7)];
  const { user, feeds } = openRun(api, "?view=state&seq=12");
  await feed(feeds, WHOLE_RUN);
  await user.click(await screen.findByRole("button", { name: "Roll back to here…" }));
  const rollBack = dialog("Roll the run back");
  const choose = (step: number, words: string) =>
    user.selectOptions(rollBack.getByRole("combobox", { name: `What becomes of step ${step}` }), words);
  await rollBack.findAllByRole("combobox");
  expect(rollBack.getAllByRole("combobox")).toHaveLength(2);
  api.refusals.rollbackRun = refusal("the run is busy", "UNAVAILABLE", true);
  await user.click(rollBack.getByRole("button", { name: "Roll back" }));
  await rollBack.findByRole("alert");
  delete api.refusals.rollbackRun;
  await choose(5, "its result stands");
  await choose(6, "left out");
  await user.click(rollBack.getByRole("button", { name: "Roll back" }));
  await waitFor(() => expect(address()).toBe(`/runs/${ID}`));
  const [first, second] = asked(api, "RollbackRun").filter(({ dryRun }) => dryRun !== true);
  expect(first).not.toHaveProperty("onReturn");
  expect(second?.onReturn).toEqual([
    { stepNumber: 5, onReturn: "REUSE" },
    { stepNumber: 6, onReturn: "STUB" },
  ]);
  expect(second?.idempotencyKey).not.toBe(first?.idempotencyKey);
});

test("a fork begins before or after a step that is open, and with the same input when nothing else is written", async () => {
  const api = createTestApi([runOf(1, { input: { amount: 3, to: "x" } })]);
  const { user, feeds } = openRun(api, "?step=5");
  await feed(feeds, WHOLE_RUN);
  await user.click(await screen.findByRole("button", { name: "Fork after this step…" }));
  expect(dialog("Fork the run").getByText(/From event 18, after step 5, tool/)).toBeDefined();
  expect(dialog("Fork the run").getByText(/Steps before this point keep what they made of the old one/)).toBeDefined();
  await user.click(dialog("Fork the run").getByRole("button", { name: "Leave it" }));
  expect(screen.getByRole("link", { name: "State before it" }).getAttribute("href")).toBe(
    `/runs/${ID}?view=state&seq=12`,
  );
  await user.click(screen.getByRole("button", { name: "Fork before this step…" }));
  const fork = dialog("Fork the run");
  const field = fork.getByLabelText(/Input, as JSON/);
  await user.clear(field);
  await user.type(field, "{{");
  expect(fork.getByText(/^This cannot be sent/)).toBeDefined();
  expect(isAble(fork.getByRole("button", { name: "Fork" }))).toBe(false);
  await user.click(fork.getByRole("button", { name: "Fork" }));
  await user.clear(field);
  await user.click(field);
  await user.paste('{"to":"x","amount":3}');
  await user.click(fork.getByRole("button", { name: "Fork" }));
  await waitFor(() => expect(asked(api, "ForkRun")).toHaveLength(1));
  expect(asked(api, "ForkRun")[0]).not.toHaveProperty("input");
  expect(asked(api, "ForkRun")[0]).toMatchObject({ atSeq: 12 });
});

test("a run that had ended is rolled back after a dry run, and goes on where it is shown", async () => {
  const api = createTestApi([runOf(1, { headSeq: 26 })]);
  api.effects = Array.from({ length: 60 }, (_, index) => effect(index + 1));
  const { user, feeds } = openRun(api, "?view=state&seq=12");
  await feed(feeds, WHOLE_RUN);
  await user.click(await screen.findByRole("button", { name: "Roll back to here…" }));
  const rollBack = dialog("Roll the run back");
  expect(rollBack.queryByRole("textbox")).toBeNull();
  await rollBack.findByText("and 10 more");
  await user.click(rollBack.getByRole("button", { name: "Roll back" }));
  await waitFor(() => expect(address()).toBe(`/runs/${ID}`));
  expect(asked(api, "RollbackRun").at(-1)).toMatchObject({ toSeq: 12 });
  await waitFor(() => expect(feeds.get(ID)?.params.after.seq).toBe(26));
  await feed(feeds, [["RUN_ROLLED_BACK", null, { toSeq: 12 }]], false, 27);
  await screen.findByText(/^Rolled back: steps above may count no more/);
  expect(document.title).toBe("Running · Question 1 · soma");
});

test("what would be refused is said before anything is done, and what is refused leaves the dialog open", async () => {
  const api = createTestApi([runOf(1)]);
  api.refusals.forkPlan = refusal("run 1 was approved something", "BAD_INPUT", true);
  const { user, feeds } = openRun(api, "?view=state&seq=12");
  await feed(feeds, WHOLE_RUN);
  await user.click(await screen.findByRole("button", { name: "Fork from here…" }));
  const fork = dialog("Fork the run");
  expect((await fork.findByRole("alert")).textContent).toContain("What it would do is not known. Run 1 was approved");
  expect(isAble(fork.getByRole("button", { name: "Fork" }))).toBe(false);
  delete api.refusals.forkPlan;
  await user.click(fork.getByRole("button", { name: "Try again" }));
  await fork.findByText(/^No step after this point asked/);
  api.refusals.forkRun = refusal("too many runs are under way");
  await user.click(fork.getByRole("button", { name: "Fork" }));
  expect((await fork.findByRole("alert")).textContent).toContain("The run was not forked. Too many runs are under way");
  await user.click(screen.getByRole("dialog"));
  expect(screen.queryByRole("dialog")).toBeNull();
  expect(address()).toBe(`/runs/${ID}?view=state&seq=12`);
});

test("a dialog that the browser closes by itself stays while something is under way, and goes when nothing is", async () => {
  const api = createTestApi([runOf(1)]);
  const { user, feeds } = openRun(api, "?view=state&seq=12");
  await feed(feeds, WHOLE_RUN);
  const openIt = async () => user.click(await screen.findByRole("button", { name: "Fork from here…" }));
  const element = () => screen.getByRole<HTMLDialogElement>("dialog");
  await openIt();
  element().close();
  await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
  await openIt();
  await dialog("Fork the run").findByText(/^No step after this point asked/);
  const held = Promise.withResolvers<void>();
  api.wait = held.promise;
  await user.click(dialog("Fork the run").getByRole("button", { name: "Fork" }));
  const mine = element();
  // A disabled button would lose the focus.
  for (const name of ["Forking…", "Leave it"]) {
    const button = within(mine).getByRole("button", { name });
    expect([isAble(button), button.hasAttribute("disabled")]).toEqual([false, false]);
  }
  await user.click(within(mine).getByRole("button", { name: "Leave it" }));
  await user.click(within(mine).getByRole("button", { name: "Forking…" }));
  mine.close();
  await waitFor(() => expect([mine.isConnected, mine.open]).toEqual([true, true]));
  held.resolve();
  await waitFor(() => expect(address()).toBe(`/runs/${idOf(901)}`));
  expect(api.asked("ForkRun")).toHaveLength(1);
});

test("a reader who has gone elsewhere meanwhile is not led to what goes on", async () => {
  const api = createTestApi([runOf(1)]);
  const { user, feeds } = openInShell(api, "?view=state&seq=12");
  await feed(feeds, WHOLE_RUN);
  await user.click(await screen.findByRole("button", { name: "Fork from here…" }));
  await dialog("Fork the run").findByText(/^No step after this point asked/);
  const held = Promise.withResolvers<void>();
  api.wait = held.promise;
  await user.click(dialog("Fork the run").getByRole("button", { name: "Fork" }));
  await waitFor(() => expect(api.asked("ForkRun")).toHaveLength(1));
  act(() => navigate("/runs"));
  held.resolve();
  await waitFor(() => expect(api.runs).toHaveLength(2));
  await api.client.query("{ health { status } }", {}).toPromise();
  expect(address()).toBe("/runs");
});

test("v and a letter lead from one view to another", async () => {
  const { user, feeds } = openInShell(createTestApi([runOf(1)]), "?step=5");
  await feed(feeds, WHOLE_RUN);
  await screen.findByRole("tree", { name: "Steps of the run" });
  for (const [key, view] of [
    ["g", "graph"],
    ["s", "state"],
    ["e", "events"],
  ]) {
    await user.keyboard(`v${key}`);
    expect(address()).toBe(`/runs/${ID}?view=${view}&step=5`);
  }
  await user.keyboard("vt");
  expect(address()).toBe(`/runs/${ID}?step=5`);
  await user.keyboard("vc");
  expect(address()).toBe(`/runs/${ID}?view=chat`);
});
