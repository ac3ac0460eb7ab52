import { fireEvent, screen, waitFor, within } from "@testing-library/react";
import { expect, test } from "vitest";
import { createTestApi, refusal, type TestApi } from "../../../testing/api.ts";
import { comeIntoView, open } from "../../../testing/page.tsx";
import { idOf, runningRun, runOf, runsOf } from "../../../testing/runs.ts";
import RunsPage from "./runs-page.tsx";

/** All runs of a page chosen, and the dialog over it. */
async function choose(api: TestApi, search = "") {
  const page = open(`/runs${search}`, <RunsPage />, api);
  await page.user.click(await screen.findByLabelText("Choose all on this page"));
  await page.user.click(screen.getByRole("button", { name: "Cancel…" }));
  return page;
}

const dialog = () => within(screen.getByRole("dialog", { name: "Cancel runs" }));
const plan = () =>
  dialog()
    .getAllByRole("listitem")
    .map(({ textContent }) => textContent);
const canceled = (api: TestApi) => api.asked("CancelRun").map(({ input }) => (input as { runId: string }).runId);

test("the dialog says first what would become of each, and asks only those to stop that go on", async () => {
  const api = createTestApi([runningRun(3), runOf(2), runningRun(1)]);
  const { user } = await choose(api);
  expect(dialog().getByText("2 of 3 would be canceled; 1 already finished.")).toBeDefined();
  expect(plan()).toEqual(["CancelQuestion 3Running", "CancelQuestion 1Running", "KeepQuestion 2Succeeded"]);
  expect(canceled(api)).toEqual([]);
  await user.click(dialog().getByRole("button", { name: "Cancel 2 runs" }));
  await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
  expect(canceled(api)).toEqual([idOf(3), idOf(1)]);
  expect(
    new Set(api.asked("CancelRun").map(({ input }) => (input as { idempotencyKey: string }).idempotencyKey)).size,
  ).toBe(2);
  expect(await screen.findAllByText("Canceled")).not.toHaveLength(0);
  expect(screen.queryByText(/chosen$/)).toBeNull();
});

test("who leaves the dialog has asked for nothing, and may clear the choice", async () => {
  const api = createTestApi([runningRun(1)]);
  const { user } = await choose(api);
  await user.click(dialog().getByRole("button", { name: "Keep all" }));
  await user.click(screen.getByRole("button", { name: "Cancel…" }));
  fireEvent(screen.getByRole("dialog"), new Event("cancel", { cancelable: true }));
  expect(screen.queryByRole("dialog")).toBeNull();
  expect(screen.getByText("1 chosen")).toBeDefined();
  await user.click(screen.getByRole("button", { name: "Clear" }));
  expect(screen.getByLabelText("Choose Question 1")).toHaveProperty("checked", false);
  expect(canceled(api)).toEqual([]);
});

test("the dialog keeps its runs while the filter shows them no longer, and says how far it came", async () => {
  const api = createTestApi([runningRun(2), runningRun(1)]);
  const { user } = await choose(api, "?status=running");
  api.runs = [runOf(2), runningRun(1)];
  comeIntoView();
  await waitFor(() => expect(screen.queryByRole("link", { name: "Question 2" })).toBeNull());
  expect(plan()).toEqual(["CancelQuestion 2Running", "CancelQuestion 1Running"]);
  api.refusals.cancelRun = refusal("the run is another person's");
  await user.click(dialog().getByRole("button", { name: "Cancel 2 runs" }));
  const note = await dialog().findByRole("alert");
  expect(note.textContent).toContain("0 of 2 were asked to stop. The run is another person's");
  expect(canceled(api)).toEqual([idOf(2)]);
  delete api.refusals.cancelRun;
  await user.click(dialog().getByRole("button", { name: "Cancel 2 runs" }));
  await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
  expect(await screen.findByText(/No runs match/)).toBeDefined();
});

test("the dialog cannot be left while it asks, and is done for a press beside it afterwards", async () => {
  const api = createTestApi([runningRun(1)]);
  const { user } = await choose(api);
  let answer = (): void => {};
  api.wait = new Promise<void>((resolve) => {
    answer = resolve;
  });
  await user.click(dialog().getByRole("button", { name: "Cancel 1 run" }));
  expect(dialog().getByRole("button", { name: "Canceling 0 of 1…" }).getAttribute("aria-disabled")).toBe("true");
  await user.click(screen.getByRole("dialog"));
  expect(dialog().getByText("1 of 1 would be canceled.")).toBeDefined();
  answer();
  await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
});

test("what is chosen stays so on another page, is said where it is not shown, and is named by the dialog", async () => {
  const api = createTestApi([runningRun(61), ...runsOf(60, 1)]);
  const { user } = open("/runs", <RunsPage />, api);
  await user.click(await screen.findByLabelText("Choose Question 61"));
  await user.click(screen.getByText("Older →"));
  await user.click(await screen.findByLabelText("Choose Question 5"));
  expect(screen.getByText("2 chosen, 1 not shown here")).toBeDefined();
  await user.click(screen.getByText("← Newer"));
  expect(await screen.findByLabelText("Choose Question 61")).toHaveProperty("checked", true);
  await user.click(screen.getByRole("button", { name: "Cancel…" }));
  expect(plan()).toEqual(["CancelQuestion 61Running", "KeepQuestion 5Succeeded"]);
  await user.click(dialog().getByRole("button", { name: "Cancel 1 run" }));
  await waitFor(() => expect(screen.queryByText(/ chosen/)).toBeNull());
  expect(canceled(api)).toEqual([idOf(61)]);
});

test("what is chosen stays so while runs come and go, also when the filter lets it in no longer", async () => {
  const api = createTestApi([runningRun(2), runningRun(1)]);
  const { user } = open("/runs?status=running", <RunsPage />, api);
  await user.click(await screen.findByLabelText("Choose all on this page"));
  expect(screen.getByText("2 chosen")).toBeDefined();
  api.runs = [runningRun(3), runOf(2), runningRun(1)];
  comeIntoView();
  await user.click(await screen.findByRole("button", { name: "↑ 1 new" }));
  expect(screen.getByText("2 chosen, 1 not shown here")).toBeDefined();
  expect(screen.getByLabelText("Choose Question 1")).toHaveProperty("checked", true);
  expect(screen.getByLabelText("Choose Question 3")).toHaveProperty("checked", false);
  await user.click(screen.getByRole("button", { name: "Clear" }));
  expect(screen.queryByText(/ chosen/)).toBeNull();
  expect(screen.getByLabelText("Choose Question 1")).toHaveProperty("checked", false);
});
