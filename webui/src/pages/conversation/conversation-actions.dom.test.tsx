import { RunCallsDocument } from "@soma/graphql/operations";
import { screen, waitFor, within } from "@testing-library/react";
import { expect, test, vi } from "vitest";
import { useLocation } from "wouter";
import { createTestApi, refusal, type TestApi } from "../../../testing/api.ts";
import { open } from "../../../testing/page.tsx";
import { idOf, runningRun, runOf } from "../../../testing/runs.ts";
import { toPlace } from "../../place.ts";
import { ConversationPage } from "./conversation-page.tsx";

function Here() {
  return <ConversationPage place={toPlace(useLocation()[0])} welcome={null} />;
}
const openConversation = (api: TestApi, path = "/chat/s1") => open(path, <Here />, api);
const main = () => within(screen.getByRole("main"));
const heading = () => screen.getByRole("heading", { level: 1 }).textContent;
const session = { id: "s1" };

test("a conversation is called what somebody writes, and by its first question again without a name", async () => {
  const api = createTestApi([runOf(1, { session })]);
  api.refusals.renameSession = refusal("the database is away", "UNAVAILABLE");
  const { user } = openConversation(api);
  await waitFor(() => expect(heading()).toBe("Question 1"));
  const rename = main().getByRole("button", { name: "Rename…" });
  await user.click(rename);
  await user.type(screen.getByLabelText("Name"), "Tea\u202e{Enter}");
  expect((await screen.findByRole("alert")).textContent).toContain("It was not renamed. The database is away");
  delete api.refusals.renameSession;
  await user.type(screen.getByLabelText("Name"), "{Enter}");
  await waitFor(() => expect(heading()).toBe("Tea⟨U+202E⟩"));
  expect(document.title).toBe("Tea⟨U+202E⟩ · soma");
  const list = within(screen.getByRole("navigation", { name: "Conversations" }));
  await waitFor(() => expect(list.getByText("Tea⟨U+202E⟩")).toBeDefined());
  await user.click(rename);
  await user.clear(screen.getByLabelText("Name"));
  await user.keyboard("{Enter}");
  await waitFor(() => expect(heading()).toBe("Question 1"));
  expect(api.asked("RenameSession").map(({ input }) => (input as { title: string }).title)).toEqual([
    ...["Tea\u202e", "Tea\u202e", ""],
  ]);
});

test("a conversation is saved as a file that is made here, and says why it was not", async () => {
  const api = createTestApi([runOf(2, { session }), runOf(1, { session })]);
  const files: Blob[] = [];
  vi.spyOn(URL, "createObjectURL").mockImplementation((file) => {
    files.push(file as Blob);
    return "blob:here";
  });
  vi.spyOn(URL, "revokeObjectURL").mockReturnValue();
  const saved: string[] = [];
  vi.spyOn(HTMLAnchorElement.prototype, "click").mockImplementation(function (this: HTMLAnchorElement) {
    saved.push(this.download);
  });
  const { user } = openConversation(api);
  await user.click(await main().findByRole("button", { name: "Export…" }));
  api.refusals.session = refusal("the database is away", "UNAVAILABLE");
  await user.click(screen.getByRole("button", { name: "Markdown" }));
  expect((await screen.findByRole("alert")).textContent).toContain("It was not exported. The database is away");
  delete api.refusals.session;
  for (const format of ["Markdown", "JSON"]) {
    if (screen.queryByRole("dialog") === null) await user.click(main().getByRole("button", { name: "Export…" }));
    await user.click(screen.getByRole("button", { name: format }));
    await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
  }
  expect(saved).toEqual(["question-1.md", "question-1.json"]);
  // All that a conversation ever called would stay in memory.
  expect(api.client.readQuery(RunCallsDocument.toString(), { id: idOf(1) })).toBe(null);
  expect(await files[0]?.text()).toContain("### You\n\n```text\nQuestion 1\n```\n\n### Answer\n\nAnswer 1");
  expect(await files[1]?.text()).not.toContain("__typename");
  expect(JSON.parse((await files[1]?.text()) ?? "")).toMatchObject({
    ...{ format: "soma.conversation.v1", id: "s1", turns: [{ runId: idOf(1), calls: [] }, { runId: idOf(2) }] },
  });
});

test("an export that is canceled reads no more and saves nothing", async () => {
  const api = createTestApi([runOf(2, { session }), runOf(1, { session })]);
  const url = vi.spyOn(URL, "createObjectURL").mockReturnValue("blob:here");
  const { user } = openConversation(api);
  await user.click(await main().findByRole("button", { name: "Export…" }));
  const held = Promise.withResolvers<void>();
  api.wait = held.promise;
  await user.click(screen.getByRole("button", { name: "JSON" }));
  await waitFor(() => expect(api.asked("SessionTurns")).toHaveLength(1));
  await user.click(screen.getByRole("button", { name: "Cancel" }));
  held.resolve();
  // As many as the rest of the export would have asked.
  for (let count = 0; count < 5; count += 1)
    await api.client.query("{ health { status } }", {}, { requestPolicy: "network-only" }).toPromise();
  expect([api.asked("RunCalls"), url.mock.calls]).toEqual([[], []]);
});

test("what a run asks a person stands in its turn with what would be done, and is decided there", async () => {
  const run = runningRun(1, { session, status: "WAITING_APPROVAL" });
  const api = createTestApi([run]);
  const asks = (n: number, more: object) => ({
    ...{ id: `${run.id}.${n}.0`, stepId: `${run.id}.${n}`, role: "approver", askedAt: "2026-11-24T10:41:00Z" },
    ...more,
  });
  api.questions[run.id] = [
    asks(4, {
      question: "Refund order 7?",
      details: { order: 7, amount: "12 EUR\u202e" },
      expiresAt: "2026-11-24T11:00:00Z",
    }),
  ];
  api.refusals.decideApproval = refusal("role approver is needed");
  const { user } = openConversation(api);
  const card = within(await main().findByRole("region", { name: "Approval: Refund order 7?" }));
  expect(card.getByRole("figure", { name: "What would be done" }).textContent).toContain('"amount": "12 EUR⟨U+202E⟩"');
  expect(card.getByText(/^For anyone with the role approver, until 24 Nov 2026\./)).toBeDefined();
  await user.click(card.getByRole("button", { name: "Approve" }));
  expect((await screen.findByRole("alert")).textContent).toContain("Nothing was decided. Role approver is needed");
  delete api.refusals.decideApproval;
  await user.type(card.getByLabelText("Why, kept in the history"), "they asked");
  await user.click(card.getByRole("button", { name: "Deny" }));
  await waitFor(() => expect(main().queryByRole("region", { name: /^Approval/ })).toBeNull());
  const id = `${run.id}.4.0`;
  expect(api.asked("DecideApproval").map(({ input }) => input)).toEqual([
    { approvalId: id, approve: true, idempotencyKey: `decide:${id}:true` },
    { approvalId: id, approve: false, comment: "they asked", idempotencyKey: `decide:${id}:false` },
  ]);
});

test("a question that cannot be loaded says so", async () => {
  const run = runningRun(1, { session, status: "WAITING_APPROVAL" });
  const api = createTestApi([run]);
  api.refusals.run = refusal("the database is away", "UNAVAILABLE", true);
  openConversation(api);
  expect((await main().findByRole("alert")).textContent).toContain("What is asked could not be loaded.");
});
