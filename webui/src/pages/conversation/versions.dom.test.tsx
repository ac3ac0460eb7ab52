import { fireEvent, screen, waitFor, within } from "@testing-library/react";
import { expect, test } from "vitest";
import { useLocation } from "wouter";
import { createTestApi, refusal, type TestApi } from "../../../testing/api.ts";
import { address, open } from "../../../testing/page.tsx";
import { idOf, runOf } from "../../../testing/runs.ts";
import { toPlace } from "../../place.ts";
import { ConversationPage } from "./conversation-page.tsx";

function Here() {
  return <ConversationPage place={toPlace(useLocation()[0])} welcome={null} />;
}
const openConversation = (api: TestApi, path: string) => open(path, <Here />, api);
const main = () => within(screen.getByRole("main"));
const turns = () => main().queryAllByRole("article");
const asked = () => turns().map((turn) => turn.querySelector("p:nth-of-type(2)")?.textContent);
const session = { id: "s1" };
const runs = [3, 2, 1].map((number) => runOf(number, { session }));

test("a message of before is edited and sent again: a fork from its start, after what was said before it; the old one stays", async () => {
  const api = createTestApi(runs);
  const { user } = openConversation(api, "/chat/s1?model=big");
  await waitFor(() => expect(turns()).toHaveLength(3));
  const second = within(turns()[1] as HTMLElement);
  await user.click(second.getByRole("button", { name: "Edit" }));
  const field = second.getByLabelText("Edit the message");
  expect(document.activeElement).toBe(field);
  fireEvent.keyDown(field, { key: "Escape", isComposing: true });
  expect(field.isConnected).toBe(true);
  await user.keyboard("{Escape}");
  expect(document.activeElement).toBe(second.getByRole("button", { name: "Edit" }));
  await user.keyboard("{Enter}");
  const held = Promise.withResolvers<void>();
  api.wait = held.promise;
  await user.type(second.getByLabelText("Edit the message"), "!{Enter}");
  expect(second.getByRole("button", { name: "Cancel" }).getAttribute("aria-disabled")).toBe("true");
  await user.keyboard("{Escape}");
  expect(second.getByRole("button", { name: "Sending…" })).toBeDefined();
  held.resolve();
  await waitFor(() => expect(address()).toBe("/chat/s-fork-0?model=big"));
  expect(api.asked("ForkRun")).toEqual([
    {
      input: {
        runId: idOf(2),
        atSeq: 1,
        input: { text: "Question 2!" },
        idempotencyKey: expect.stringMatching(/^[0-9a-f]{32}$/),
      },
    },
  ]);
  await waitFor(() => expect(asked()).toEqual(["Question 1", "Question 2!"]));
  expect(document.activeElement).toBe(screen.getByLabelText("Message"));
  const newer = within(turns()[1] as HTMLElement);
  expect(newer.getByText(/version 2 of 2/)).toBeDefined();
  await user.click(newer.getByRole("link", { name: "The version before" }));
  await waitFor(() => expect(asked()).toEqual(["Question 1", "Question 2", "Question 3"]));
  expect(address()).toBe(`/runs/${idOf(2)}?view=chat`);
  await user.click(within(turns()[1] as HTMLElement).getByRole("link", { name: "The version after" }));
  await waitFor(() => expect(asked()).toEqual(["Question 1", "Question 2!"]));
});

test("a message that could not be sent again says why, and is sent under the same key when it is the same", async () => {
  const api = createTestApi(runs);
  api.refusals.forkRun = refusal("what is asked was erased", "ERASED");
  const { user } = openConversation(api, "/chat/s1");
  await user.click((await main().findAllByRole("button", { name: "Edit" }))[2] as HTMLElement);
  const send = () => user.click(main().getByRole("button", { name: "Send again" }));
  await send();
  expect((await screen.findByRole("alert")).textContent).toContain(
    "The message was not sent again. What is asked was erased",
  );
  await send();
  await user.type(main().getByLabelText("Edit the message"), "!");
  await send();
  await waitFor(() => expect(api.asked("ForkRun")).toHaveLength(3));
  const keys = api.asked("ForkRun").map(({ input }) => (input as { idempotencyKey: string }).idempotencyKey);
  expect([keys[0] === keys[1], keys[1] === keys[2]]).toEqual([true, false]);
  await user.click(main().getByRole("button", { name: "Cancel" }));
  expect(main().queryByLabelText("Edit the message")).toBeNull();
});

test("the newest message can be tried again in its conversation when nothing came of it", async () => {
  const error = { code: "UNAVAILABLE", message: "the model is away" };
  const failed = runOf(4, {
    session,
    status: "FAILED",
    answer: null,
    error,
    modelProfile: "big",
    graph: "sum",
    input: { n: 1, text: "one" },
  });
  const api = createTestApi([failed, ...runs.map((run) => ({ ...run, status: "CANCELED" as const }))]);
  api.refusals.startRun = refusal("the budget is spent");
  const { user } = openConversation(api, "/chat/s1");
  const again = await main().findByRole("button", { name: "Try again" });
  const held = Promise.withResolvers<void>();
  api.wait = held.promise;
  await user.dblClick(again);
  // A disabled button would lose the focus.
  expect(document.activeElement).toBe(again);
  held.resolve();
  expect((await screen.findByRole("alert")).textContent).toBe("Not tried again: The budget is spent");
  expect(api.asked("StartRun")).toHaveLength(1);
  delete api.refusals.startRun;
  await user.click(again);
  await waitFor(() => expect(turns()).toHaveLength(5));
  expect(api.asked("StartRun").at(-1)?.input).toMatchObject({
    ...{ graph: "sum", input: { n: 1, text: "one" }, sessionId: "s1", role: "assistant" },
    modelProfile: "big",
  });
});
