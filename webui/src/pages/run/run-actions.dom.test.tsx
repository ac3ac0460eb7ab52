import { CHAIN_START, chainText, payloadText, webSha256 } from "@soma/schemas/run-chain";
import { verifyExport } from "@soma/schemas/run-export";
import { screen, waitFor, within } from "@testing-library/react";
import { expect, test, vi } from "vitest";
import { createTestApi, refusal, type TestApi } from "../../../testing/api.ts";
import { idOf, runningRun, runOf } from "../../../testing/runs.ts";
import { history, type Line, started, WHOLE_RUN } from "../../run-log/testing/history.ts";
import { feed, ID, openRun } from "./testing/open-run.tsx";

const acts = async () => within(await screen.findByRole("group", { name: "Acts on the run" }));
const act = async (name: string) => (await acts()).findByRole("button", { name });
const names = async () => (await acts()).getAllByRole("button").map(({ textContent }) => textContent);
const keysOf = (api: TestApi, operation: string) =>
  api.asked(operation).map(({ input }) => (input as { idempotencyKey: string }).idempotencyKey);

/** Answers come when the test says so. */
function hold(api: TestApi): () => void {
  const { promise, resolve } = Promise.withResolvers<void>();
  api.wait = promise;
  return resolve;
}

/** A run that rests and goes on when it is asked to; its events come when the test says so. */
function pausable(): TestApi {
  const api = createTestApi([runningRun(1)]);
  const answer = (field: string) => () => {
    if (api.refusals[field] !== undefined) throw api.refusals[field];
    return { run: api.runs[0] };
  };
  api.more = { pauseRun: answer("pauseRun"), resumeRun: answer("resumeRun") };
  return api;
}

test("a run is canceled once it was said what would stop with it, by one request however often it is pressed", async () => {
  const api = createTestApi([runningRun(1)]);
  const children = [
    { id: idOf(31), graph: "researcher", status: "RUNNING" },
    { id: idOf(32), graph: "researcher", status: "SUCCEEDED" },
  ];
  api.runs = api.runs.map((run) => ({ ...run, children }));
  const { user, feeds } = openRun(api);
  await feed(feeds, [started], false);
  expect(await names()).toEqual(["Pause", "Cancel…", "Fork…", "Export"]);
  await user.click(await act("Cancel…"));
  const dialog = within(screen.getByRole("dialog", { name: "Cancel the run" }));
  expect(dialog.getByText("It would be canceled, with 1 run that it has started.")).toBeDefined();
  expect(dialog.getAllByRole("listitem").map(({ textContent }) => textContent)).toEqual([
    "CancelQuestion 1Running",
    "Cancelresearcher 00000031Running",
  ]);
  // It was asked to stop, and has not heard.
  api.more = { cancelRun: () => ({ run: api.runs[0] }) };
  const answer = hold(api);
  await user.dblClick(dialog.getByRole("button", { name: "Cancel it" }));
  answer();
  await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
  expect(keysOf(api, "CancelRun")).toHaveLength(1);
  expect((await act("Canceling…")).getAttribute("aria-disabled")).toBe("true");
  await feed(feeds, [["RUN_CANCELED", null, {}]], true, 2);
  await waitFor(async () => expect(await names()).toEqual(["Fork…", "Export"]));
});

test("a cancel that is refused says so, and may be asked again; one that was heard says so until the run ends", async () => {
  const api = createTestApi([runningRun(1)]);
  const { user, feeds } = openRun(api);
  await feed(feeds, [started], false);
  api.refusals.cancelRun = refusal("the run is another person's");
  await user.click(await act("Cancel…"));
  await user.click(screen.getByRole("button", { name: "Cancel it" }));
  expect((await screen.findByRole("alert")).textContent).toContain(
    "It was not asked to stop. The run is another person's",
  );
  expect(screen.getByRole("button", { name: "Cancel it" }).getAttribute("aria-disabled")).toBe("false");
  await user.click(screen.getByRole("button", { name: "Keep it" }));
  expect((await act("Cancel…")).getAttribute("aria-disabled")).toBe("false");
  await feed(feeds, [["RUN_CANCEL_REQUESTED", null, {}]], false, 2);
  expect((await act("Canceling…")).getAttribute("aria-disabled")).toBe("true");
});

test("a run is paused and resumed, each by one request, and says what it was asked until it does it", async () => {
  const api = pausable();
  const { user, feeds } = openRun(api);
  await feed(feeds, [started], false);
  await user.dblClick(await act("Pause"));
  expect((await act("Resume")).getAttribute("aria-disabled")).toBe("false");
  expect((await acts()).getByText("It rests after this step")).toBeDefined();
  expect([keysOf(api, "PauseRun").length, keysOf(api, "ResumeRun").length]).toEqual([1, 0]);
  await feed(feeds, [["RUN_PAUSED", null, {}]], false, 2);
  await waitFor(async () => expect((await acts()).queryByText("It rests after this step")).toBeNull());
  const answer = hold(api);
  await user.dblClick(await act("Resume"));
  expect((await act("Resume")).getAttribute("aria-disabled")).toBe("true");
  answer();
  expect(await (await acts()).findByText("It goes on soon")).toBeDefined();
  await feed(feeds, [["RUN_RESUMED", null, {}]], false, 3);
  await waitFor(async () => expect((await acts()).queryByText("It goes on soon")).toBeNull());
  expect((await act("Pause")).getAttribute("aria-disabled")).toBe("false");
  expect([keysOf(api, "PauseRun").length, keysOf(api, "ResumeRun").length]).toEqual([1, 1]);
});

test("a pause that is refused says so, and is asked again under the same key; a resume tells it likewise", async () => {
  const api = pausable();
  const { user, feeds } = openRun(api);
  await feed(feeds, [started], false);
  api.refusals.pauseRun = refusal("the service is away", "UNAVAILABLE");
  await user.click(await act("Pause"));
  expect((await screen.findByRole("alert")).textContent).toContain("The run was not paused. The service is away");
  delete api.refusals.pauseRun;
  await user.click(await act("Pause"));
  await act("Resume");
  expect(screen.queryByRole("alert")).toBeNull();
  expect(new Set(keysOf(api, "PauseRun")).size).toBe(1);
  api.refusals.resumeRun = refusal("the run is another person's");
  await user.click(await act("Resume"));
  expect((await screen.findByRole("alert")).textContent).toContain("The run was not resumed.");
  expect((await act("Resume")).getAttribute("aria-disabled")).toBe("false");
  expect(keysOf(api, "ResumeRun")).not.toEqual(keysOf(api, "PauseRun").slice(-1));
});

/** The history of a run as the API gives it, page by page. */
async function served(api: TestApi): Promise<void> {
  const events: object[] = [];
  let prevHash = CHAIN_START;
  for (const event of history(WHOLE_RUN)) {
    const [stepId, nodeId, attempt] = [event.stepId ?? null, event.nodeId ?? null, event.attempt ?? null];
    const payloadHash = await webSha256(payloadText(event.payload));
    const linked = { ...event, stepId, nodeId, attempt, payloadHash };
    prevHash = await webSha256(chainText(ID, prevHash, linked));
    events.push({ ...linked, hash: prevHash });
  }
  api.more = {
    runEventsPage({ afterSeq, limit }: { afterSeq: number; limit: number }) {
      const page = events.slice(afterSeq, afterSeq + Math.min(limit, 20));
      return { firstSeq: afterSeq + 1, lastSeq: afterSeq + page.length, prevHash: "", events: page };
    },
  };
}

/** What is saved as files, by their names. */
function takeFiles(): { name: string; file: Blob }[] {
  const files: { name: string; file: Blob }[] = [];
  const blobs: Blob[] = [];
  vi.spyOn(URL, "createObjectURL").mockImplementation((file) => {
    blobs.push(file as Blob);
    return "blob:here";
  });
  vi.spyOn(URL, "revokeObjectURL").mockReturnValue();
  vi.spyOn(HTMLAnchorElement.prototype, "click").mockImplementation(function (this: HTMLAnchorElement) {
    files.push({ name: this.download, file: blobs.at(-1) as Blob });
  });
  return files;
}

test("a run is saved as an export that verifies, once however often it is pressed", async () => {
  const api = createTestApi([runOf(1, { headSeq: WHOLE_RUN.length })]);
  await served(api);
  const files = takeFiles();
  const { user, feeds } = openRun(api);
  await feed(feeds, WHOLE_RUN);
  await user.dblClick(await act("Export"));
  await waitFor(() => expect(files.map(({ name }) => name)).toEqual([`run-${ID}.jsonl`]));
  const { head, events } = await verifyExport((await files[0]?.file.text()) ?? "");
  expect([head.runId, head.lastSeq, head.stateHash?.length, events.length]).toEqual([
    ID,
    WHOLE_RUN.length,
    64,
    WHOLE_RUN.length,
  ]);
  expect(Object.keys(events[0] ?? {})).not.toContain("__typename");
  expect(api.asked("RunToExport")).toHaveLength(1);
});

test("an export tells what it lacks, and why there is none", async () => {
  const api = createTestApi([runOf(1, { headSeq: WHOLE_RUN.length })]);
  await served(api);
  const files = takeFiles();
  const { user, feeds } = openRun(api);
  await feed(feeds, WHOLE_RUN);
  api.stateAt = () => {
    throw refusal("this build has not its graph", "GRAPH_GONE");
  };
  await user.click(await act("Export"));
  expect(await screen.findByText("Exported; it says nothing of the state")).toBeDefined();
  expect((await verifyExport((await files[0]?.file.text()) ?? "")).head.stateHash).toBeNull();
  api.more = { runEventsPage: () => ({ firstSeq: 1, lastSeq: 0, prevHash: "", events: [] }) };
  await user.click(await act("Export"));
  expect((await screen.findByRole("alert")).textContent).toContain(
    `The history ends with event 0, and ${WHOLE_RUN.length} is its last`,
  );
  api.refusals.run = refusal("the database is away", "UNAVAILABLE");
  await user.click(await act("Export"));
  await waitFor(() => expect(screen.getByRole("alert").textContent).toContain("The database is away"));
  expect([await act("Export"), files.length]).toEqual([expect.objectContaining({ disabled: false }), 1]);
});

test("an export of a run that the reader has left reads no more and saves nothing", async () => {
  const api = createTestApi([runOf(1, { headSeq: WHOLE_RUN.length })]);
  await served(api);
  const files = takeFiles();
  const { user, feeds, unmount } = openRun(api);
  await feed(feeds, WHOLE_RUN);
  const answer = hold(api);
  await user.click(await act("Export"));
  await waitFor(() => expect(api.asked("RunToExport")).toHaveLength(1));
  unmount();
  answer();
  // Digests are made beside this thread: the rest of the export would need some turns of it.
  for (let turns = 0; turns < 50; turns += 1) await new Promise((resolve) => setTimeout(resolve));
  expect([api.asked("RunEventsPage"), files]).toEqual([[], []]);
});

test("what a run asks a person stands above its views and is decided there, by one request", async () => {
  const api = createTestApi([runningRun(1, { status: "WAITING_APPROVAL" })]);
  const id = `${ID}.4.0`;
  const asked = { id, stepId: `${ID}.4`, role: "approver", askedAt: "2026-11-24T10:41:00Z" };
  api.questions[ID] = [{ ...asked, question: "Refund order 7?", details: { order: 7 } }];
  api.refusals.decideApproval = refusal("role approver is needed");
  const { user } = openRun(api);
  const card = within(await screen.findByRole("region", { name: "Approval: Refund order 7?" }));
  await user.click(card.getByRole("button", { name: "Deny" }));
  expect((await card.findByRole("alert")).textContent).toContain("Nothing was decided. Role approver is needed");
  expect(card.getByRole("button", { name: "Deny" }).getAttribute("aria-disabled")).toBe("false");
  delete api.refusals.decideApproval;
  const answer = hold(api);
  await user.dblClick(card.getByRole("button", { name: "Approve" }));
  answer();
  await waitFor(() => expect(screen.queryByRole("region", { name: /^Approval/ })).toBeNull());
  expect(keysOf(api, "DecideApproval")).toEqual([`decide:${id}:false`, `decide:${id}:true`]);
});

const question = (step: number, words: string) => ({
  ...{ id: `${ID}.${step}.0`, stepId: `${ID}.${step}`, role: "approver", askedAt: "2026-11-24T10:41:00Z" },
  ...{ question: words, details: null },
});
const decided = (step: number, approved: boolean | null, decidedBy: string | null): Line => {
  return ["APPROVAL_DECIDED", `${step} asks`, { name: `approval:${step}.0`, approved, decidedBy, comment: null }];
};

test("one's own decision that the log tells before its answer came is not another one's: the card stays for it", async () => {
  const api = createTestApi([runningRun(1, { status: "WAITING_APPROVAL" })]);
  api.questions[ID] = [question(4, "Refund order 7?")];
  const { user, feeds } = openRun(api);
  const card = await screen.findByRole("region", { name: "Approval: Refund order 7?" });
  const asks = { name: "approval:4.0", question: "Refund order 7?", details: null, role: "approver" };
  await feed(feeds, [started, ["STEP_STARTED", "4 asks", {}], ["APPROVAL_ASKED", "4 asks", asks]], false);
  const answer = hold(api);
  await user.click(within(card).getByRole("button", { name: "Approve" }));
  await waitFor(() => expect(api.asked("DecideApproval")).toHaveLength(1));
  // All but the decision is answered.
  api.wait = Promise.resolve();
  delete api.questions[ID];
  const told: Line[] = [decided(4, true, "user:ada"), ["STEP_SUCCEEDED", "4 asks", { summary: "went on" }]];
  await feed(feeds, told, false, 4);
  await screen.findByText("went on");
  expect([card.isConnected, card.getAttribute("aria-label")]).toEqual([true, "Approval: Refund order 7?"]);
  expect([document.activeElement?.textContent, screen.queryByText("Got it")]).toEqual(["Approve", null]);
  answer();
  await waitFor(() => expect(screen.queryByRole("region", { name: /Refund order 7/ })).toBeNull());
  await waitFor(() => expect(document.activeElement).toBe(screen.getByRole("main")));
});

test("what was approved, what was denied and what nobody decided in time have signs and words of their own", async () => {
  const api = createTestApi([runningRun(1, { status: "WAITING_APPROVAL" })]);
  api.questions[ID] = [question(4, "Refund?"), question(5, "Send?"), question(6, "Pay?")];
  const { feeds } = openRun(api);
  await screen.findByRole("region", { name: "Approval: Pay?" });
  delete api.questions[ID];
  const told = [decided(4, true, "user:bob"), decided(5, false, "user:bob"), decided(6, null, null)];
  await feed(feeds, [started, ...told], false);
  await screen.findByRole("region", { name: "Decided: Pay?" });
  const cards = screen.getAllByRole("region", { name: /^Decided/ });
  const words = [/user:bob approved it at /, /user:bob denied it at /, /Nobody decided it by .+\./];
  for (const [at, said] of words.entries()) expect(cards[at]?.textContent).toMatch(said);
  expect(new Set(cards.map((card) => card.querySelector("svg")?.innerHTML)).size).toBe(3);
});

test("a question that another one decided stays with who did, when and why, until it is read", async () => {
  const api = createTestApi([runningRun(1, { status: "WAITING_APPROVAL" })]);
  const asked = { id: `${ID}.4.0`, stepId: `${ID}.4`, role: "approver", askedAt: "2026-11-24T10:41:00Z" };
  api.questions[ID] = [{ ...asked, question: "Refund order 7?", details: null }];
  const { user, feeds } = openRun(api);
  const card = within(await screen.findByRole("region", { name: "Approval: Refund order 7?" }));
  const asks = { name: "approval:4.0", question: "Refund order 7?", details: null, role: "approver" };
  await feed(feeds, [started, ["STEP_STARTED", "4 asks", {}], ["APPROVAL_ASKED", "4 asks", asks]], false);
  await user.type(card.getByLabelText("Why, kept in the history"), "I think");
  delete api.questions[ID];
  const decision = { name: "approval:4.0", approved: false, decidedBy: "user:bob\u202e", comment: "too much" };
  await feed(feeds, [["APPROVAL_DECIDED", "4 asks", decision]], false, 4);
  const line = await screen.findByRole("region", { name: "Decided: Refund order 7?" });
  expect(line.textContent).toMatch(/user:bob⟨U\+202E⟩ denied it at .*: too much/);
  expect(screen.queryByRole("button", { name: "Approve" })).toBeNull();
  // Who wrote in it begins again where it stood.
  await waitFor(() => expect(document.activeElement).toBe(line));
  await feed(feeds, [["STEP_SUCCEEDED", "4 asks", { summary: "no" }]], false, 5);
  expect(screen.getByRole("region", { name: "Decided: Refund order 7?" })).toBeDefined();
  await user.click(within(line).getByRole("button", { name: "Got it" }));
  expect(screen.queryByRole("region", { name: /Refund order 7/ })).toBeNull();
});
