import { act, screen, waitFor, within } from "@testing-library/react";
import { expect, test, vi } from "vitest";
import { createTestApi, refusal, type TestApi } from "../../../testing/api.ts";
import { address, comeIntoView, open, setOnline } from "../../../testing/page.tsx";
import { idOf, runningRun, runOf, runsOf } from "../../../testing/runs.ts";
import { ANSWER_MS } from "../../graphql/api-client.ts";
import { titleOf } from "../../run-log/question-of.ts";
import { Shell } from "../../shell/shell.tsx";
import RunsPage from "./runs-page.tsx";

const openRuns = (api: TestApi, search = "") => open(`/runs${search}`, <RunsPage />, api);
const titles = () => screen.queryAllByText(/^Question/, { selector: "a" }).map(({ textContent }) => textContent);
const questions = (from: number, to: number) => runsOf(from, to).map(titleOf);
const rowOf = (number: number) => within(screen.getByText(`Question ${number}`).closest("tr") as HTMLElement);

test("each filter is kept in the address, and the list is asked for what it says", async () => {
  const api = createTestApi([runOf(2, { status: "FAILED" }), runOf(1)]);
  const { user } = openRuns(api);
  expect(await screen.findByText("Question 1")).toBeDefined();
  await user.selectOptions(screen.getByLabelText("Status"), "Failed");
  await waitFor(() => expect(titles()).toEqual(["Question 2"]));
  await user.selectOptions(screen.getByLabelText("Agent"), "assistant");
  await user.selectOptions(screen.getByLabelText("Asked"), "Last hour");
  await user.type(screen.getByRole("searchbox"), " question {Enter}");
  expect(address()).toBe("/runs?status=failed&agent=assistant&since=1h&text=question");
  await waitFor(() =>
    expect(api.asked("RunsPage").at(-1)).toEqual({
      filter: { status: ["FAILED"], graph: "assistant", text: "question", createdAfter: expect.any(String) },
      first: 50,
    }),
  );
});

test("runs are narrowed to how they went, to those that were recovered and to a role, and the words say so", async () => {
  const outcome = { kind: "WITH_DENIALS", failedCalls: 0, deniedCalls: 1, cutAnswers: 0 } as const;
  const api = createTestApi([runOf(3, { outcome, recoveries: 1 }), runOf(2, { outcome }), runOf(1)]);
  const { user } = openRuns(api);
  await user.selectOptions(await screen.findByLabelText("Outcome"), "With a problem");
  await waitFor(() => expect(titles()).toEqual(["Question 3", "Question 2"]));
  await user.selectOptions(screen.getByLabelText("Recovered"), "At least once");
  await waitFor(() => expect(titles()).toEqual(["Question 3"]));
  await user.selectOptions(screen.getByLabelText("Role"), "reader");
  expect(await screen.findByText(/No runs match: outcome “With a problem”, recovered at least once, role reader/));
  expect(address()).toBe("/runs?outcome=problem&recovered=yes&role=reader");
});

test("a search that looked at no more says how far it came beside what it found, and looks further", async () => {
  const api = createTestApi(runsOf(3, 1));
  api.searchedTo = { cursor: idOf(2), createdAt: "2026-11-20T10:41:00.000Z", runs: 5_000 };
  const { user } = openRuns(api, "?text=Question");
  await waitFor(() => expect(titles()).toEqual(["Question 3", "Question 2", "Question 1"]));
  expect(screen.getByText(/^Looked at 5,000 runs, back to/).textContent).toMatch(/20 nov 2026, \d\d:\d\d:00\.$/i);
  await user.click(screen.getByRole("link", { name: "Look further back" }));
  await waitFor(() => expect(titles()).toEqual(["Question 1"]));
  expect(address()).toBe(`/runs?text=Question&after=${idOf(2)}`);
});

test("a search that found nothing yet says how far it came, in its direction", async () => {
  const api = createTestApi(runsOf(3, 1));
  api.searchedTo = { cursor: idOf(9), createdAt: "2026-11-20T10:41:00.000Z", runs: 5_000 };
  const { user } = openRuns(api, `?text=red&before=${idOf(2)}`);
  expect((await screen.findByText(/^Looked at 5,000 runs/)).textContent).toContain("up to");
  expect(screen.getByText("No runs match: “red”.")).toBeDefined();
  await user.click(screen.getByRole("link", { name: "Look at newer ones" }));
  expect(address()).toBe(`/runs?text=red&before=${idOf(9)}`);
});

test("an id in the search leads to its run", async () => {
  const { user } = openRuns(createTestApi([runOf(1)]));
  await user.type(screen.getByRole("searchbox"), ` ${idOf(1).toUpperCase()} {Enter}`);
  expect(address()).toBe(`/runs/${idOf(1)}`);
});

test("a list without runs says why, and leads on", async () => {
  const { user } = openRuns(createTestApi([runOf(1)]), "?status=failed&text=red");
  expect(await screen.findByText("No runs match: Failed, “red”.")).toBeDefined();
  await user.click(screen.getByRole("link", { name: "Show all runs" }));
  expect(await screen.findByText("Question 1")).toBeDefined();
  expect(address()).toBe("/runs");
});

test("the very first visit says what a run is, and where to begin one", async () => {
  openRuns(createTestApi());
  expect(await screen.findByText("No runs yet.")).toBeDefined();
  expect(screen.getByRole("link", { name: "Ask the assistant something" }).getAttribute("href")).toBe("/chat");
});

test("a wider filter shows the newer runs that it lets in at once", async () => {
  const { user } = openRuns(createTestApi([runOf(3), runOf(2), runOf(1, { status: "FAILED" })]), "?status=failed");
  await waitFor(() => expect(titles()).toEqual(["Question 1"]));
  await user.selectOptions(screen.getByLabelText("Status"), "Any");
  await waitFor(() => expect(titles()).toEqual(["Question 3", "Question 2", "Question 1"]));
  expect(screen.queryByRole("button", { name: /new$/ })).toBeNull();
});

test("pages follow each other, and lead back", async () => {
  const { user } = openRuns(createTestApi(runsOf(60, 1)));
  await waitFor(() => expect(titles()).toEqual(questions(60, 11)));
  await user.click(screen.getByText("Older →"));
  await waitFor(() => expect(titles()).toEqual(questions(10, 1)));
  await user.click(screen.getByText("← Newer"));
  await waitFor(() => expect(titles()).toEqual(questions(60, 11)));
  expect(screen.queryByText("Newest")).toBeNull();
});

test("newer runs are counted and come when asked for; what is read stays, and is kept up to date", async () => {
  const api = createTestApi([runningRun(2), runOf(1)]);
  const { user } = openRuns(api);
  expect(await screen.findByText("Question 2")).toBeDefined();
  expect(rowOf(2).getAllByText("Running")).not.toHaveLength(0);
  api.runs = [runOf(4), runOf(3), runOf(2), runOf(1)];
  comeIntoView();
  const news = await screen.findByRole("button", { name: "↑ 2 new" });
  expect(titles()).toEqual(["Question 2", "Question 1"]);
  expect(rowOf(2).queryByText("Running")).toBeNull();
  await user.click(news);
  expect(titles()).toEqual(["Question 4", "Question 3", "Question 2", "Question 1"]);
  expect(screen.queryByRole("button", { name: /new$/ })).toBeNull();
});

test("the key . shows what is new though the list is being asked for again, and nothing else; the focus stays", async () => {
  const api = createTestApi([runOf(2), runOf(1)]);
  const page = (
    <Shell tenant="local" subject="ada">
      <RunsPage />
    </Shell>
  );
  const { user } = open("/runs", page, api);
  await screen.findByText("Question 2");
  api.runs = [runOf(3), runOf(2), runOf(1)];
  comeIntoView();
  await screen.findByRole("button", { name: "↑ 1 new" });
  await user.keyboard("j");
  const { promise, resolve } = Promise.withResolvers<void>();
  api.wait = promise;
  comeIntoView();
  await waitFor(() => expect(api.asked("RunsPage")).toHaveLength(3));
  for (const press of [".", "."]) {
    await user.keyboard(press);
    expect(titles()).toEqual(["Question 3", "Question 2", "Question 1"]);
    expect(document.activeElement?.textContent).toBe("Question 2");
  }
  resolve();
});

test("what is shown stays while the server or the network is away, with a note that says since when", async () => {
  const api = createTestApi([runOf(1)]);
  const { user } = openRuns(api);
  expect(await screen.findByText("Question 1")).toBeDefined();
  api.away = true;
  comeIntoView();
  expect(await screen.findByText(/The server does not answer; it is asked again and again/)).toBeDefined();
  expect(titles()).toEqual(["Question 1"]);
  setOnline(false);
  expect(await screen.findByText(/The browser has no network/)).toBeDefined();
  expect(screen.getByText(/^As of \d\d:\d\d:\d\d\.$/)).toBeDefined();
  setOnline(true);
  api.away = false;
  api.runs = [runOf(2), runOf(1)];
  await user.click(await screen.findByRole("button", { name: "Try now" }));
  expect(await screen.findByText("↑ 1 new")).toBeDefined();
  await waitFor(() => expect(screen.queryByText(/As of/)).toBeNull());
});

test("a server that takes a question and never answers is one that is away, and is asked again", async () => {
  const api = createTestApi([runOf(1)]);
  const { user } = openRuns(api);
  expect(await screen.findByText("Question 1")).toBeDefined();
  const time = new AbortController();
  const limit = vi.spyOn(AbortSignal, "timeout").mockReturnValue(time.signal);
  api.wait = new Promise(() => {});
  const before = api.asked("RunsPage").length;
  act(comeIntoView);
  await waitFor(() => expect(api.asked("RunsPage").length).toBeGreaterThan(before));
  expect(limit).toHaveBeenCalledWith(ANSWER_MS);
  time.abort();
  expect(await screen.findByText(/^As of \d\d:\d\d:\d\d\.$/)).toBeDefined();
  limit.mockRestore();
  api.wait = Promise.resolve();
  await user.click(screen.getByRole("button", { name: "Try now" }));
  await waitFor(() => expect(screen.queryByText(/As of/)).toBeNull());
});

test("what the server refuses is said in place of the list, and tried again when asked", async () => {
  const api = createTestApi([runOf(1)]);
  api.refusals.runs = refusal("the database is away", "UNAVAILABLE", true);
  const { user } = openRuns(api);
  const note = await screen.findByRole("alert");
  expect(note.textContent).toContain("The runs could not be loaded. The database is away");
  expect(note.textContent).toContain("UNAVAILABLE");
  delete api.refusals.runs;
  await user.click(screen.getByRole("button", { name: "Try again" }));
  expect(await screen.findByText("Question 1")).toBeDefined();
  expect(screen.queryByRole("alert")).toBeNull();
});

test("a run whose call failed is not drawn as one that went well", async () => {
  const outcome = { kind: "WITH_FAILURES", failedCalls: 2, deniedCalls: 0, cutAnswers: 0 } as const;
  openRuns(createTestApi([runOf(2, { outcome, recoveries: 3 }), runOf(1, { error: { code: "X", message: "no" } })]));
  await screen.findByText("Question 2");
  expect(rowOf(2).getAllByText("Succeeded, 2 calls failed")).not.toHaveLength(0);
  expect(rowOf(2).getByText("2 calls failed")).toBeDefined();
  expect(rowOf(2).getByText(/recovered 3×/)).toBeDefined();
  expect(rowOf(1).getByText("X: no")).toBeDefined();
});
