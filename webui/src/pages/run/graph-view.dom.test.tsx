import { screen, waitFor, within } from "@testing-library/react";
import { expect, test } from "vitest";
import { createTestApi, refusal } from "../../../testing/api.ts";
import { address } from "../../../testing/page.tsx";
import { runningRun, runOf } from "../../../testing/runs.ts";
import { started, WHOLE_RUN } from "../../run-log/testing/history.ts";
import { feed, ID, openRun } from "./testing/open-run.tsx";

const NAMES = ["recall", "model", "branch", "policy", "tool", "answer", "never"];
const node = (name: string, changes: object = {}) => ({
  ...{ id: name, name, type: name, within: null, status: null, steps: 0 },
  ...changes,
});
const PICTURE = {
  nodes: [...NAMES.map((name) => node(name)), node("hold", { type: "map" }), node("hold[*]/fetch", { within: "hold" })],
  edges: [
    { from: "recall", to: "model", chosen: false },
    { from: "model", to: "branch", chosen: true },
    { from: "model", to: "answer", chosen: true },
    { from: "branch", to: "policy", chosen: false },
    { from: "policy", to: "tool", chosen: false },
    { from: "tool", to: "model", chosen: false },
  ],
  mermaid: "",
};

const graph = () => screen.findByRole("list", { name: "Nodes of the graph" });
const words = async () =>
  within(await graph())
    .getAllByRole("button")
    .map(({ textContent }) => textContent);

test("the graph is a list of its nodes: how each stands, how often it was reached, and what may follow", async () => {
  const api = createTestApi([runOf(1)]);
  api.picture = PICTURE;
  const { feeds } = openRun(api, "?view=graph");
  await feed(feeds, WHOLE_RUN);
  expect(await words()).toEqual([
    "recallSucceeded, leads to model",
    "modelSucceeded2 steps, leads to branch or answer",
    "branchSucceeded, leads to policy",
    "policySucceeded, leads to tool",
    "toolSucceeded, leads to model",
    "answerSucceeded",
    "nevernot reached",
    "holdmapnot reached",
    "hold[*]/fetchnot reached, within hold",
  ]);
  expect(screen.getByText("9 nodes, 6 reached")).toBeDefined();
  expect(document.querySelectorAll("path[data-chosen=true]")).toHaveLength(2);
  expect(screen.getByText("dashed box: not reached; dashed line: one of several ways")).toBeDefined();
});

test("the graph is walked by arrow keys from one stop, opens the newest step of a node, and gets the focus back", async () => {
  const api = createTestApi([runOf(1)]);
  api.picture = PICTURE;
  const { user, feeds } = openRun(api, "?view=graph");
  await feed(feeds, WHOLE_RUN);
  const list = within(await graph());
  const button = (name: RegExp) => list.getByRole("button", { name });
  expect(list.getAllByRole("button").filter(({ tabIndex }) => tabIndex === 0)).toEqual([button(/^recall/)]);
  button(/^recall/).focus();
  await user.keyboard("{ArrowDown}");
  expect(document.activeElement).toBe(button(/^model/));
  await user.keyboard("{Enter}");
  expect(address()).toBe(`/runs/${ID}?view=graph&step=6`);
  expect(document.activeElement?.textContent).toBe("Step 6");
  expect(button(/^model/).getAttribute("aria-current")).toBe("true");
  await user.keyboard("{Escape}");
  await waitFor(() =>
    expect([address(), document.activeElement]).toEqual([`/runs/${ID}?view=graph`, button(/^model/)]),
  );
  await user.keyboard("{End}");
  expect(document.activeElement).toBe(button(/^tool/));
  await user.keyboard("{Home}{ArrowUp}{Escape}");
  expect([document.activeElement, address()]).toEqual([button(/^recall/), `/runs/${ID}?view=graph`]);
  await user.click(button(/^never/));
  expect(address()).toBe(`/runs/${ID}?view=graph`);
});

test("nodes of a graph come to another status as the events of the run come, without asking for it again", async () => {
  const api = createTestApi([runningRun(1)]);
  api.picture = PICTURE;
  const { feeds } = openRun(api, "?view=graph&step=1");
  await feed(feeds, [started, ["STEP_STARTED", "1 recall", {}], ["STEP_SUCCEEDED", "2 gone", {}]], false);
  await screen.findByRole("button", { name: /^recall\s*Running/ });
  expect(screen.getByText("1 steps are of nodes that this version does not have")).toBeDefined();
  await feed(feeds, [["STEP_FAILED", "1 recall", { error: { code: "X", message: "no" } }]], false, 4);
  await screen.findByRole("button", { name: /^recall\s*Failed/ });
  expect(api.asked("RunPicture")).toHaveLength(1);
});

test("a graph that is not there, or cannot be asked for, says so", async () => {
  const { feeds, unmount } = openRun(createTestApi([runOf(1)]), "?view=graph");
  await feed(feeds, WHOLE_RUN);
  await screen.findByText("This server does not have the graph of the run in that version.");
  unmount();
  const api = createTestApi([runOf(1)]);
  const { user, feeds: others } = openRun(api);
  await feed(others, WHOLE_RUN);
  await screen.findByRole("tree", { name: "Steps of the run" });
  api.refusals.run = refusal("the database is away", "UNAVAILABLE", true);
  await user.click(screen.getByRole("link", { name: "Graph" }));
  await screen.findByText("The graph could not be loaded.");
  delete api.refusals.run;
  api.picture = PICTURE;
  await user.click(screen.getByRole("button", { name: "Try again" }));
  expect(await words()).toHaveLength(9);
});
