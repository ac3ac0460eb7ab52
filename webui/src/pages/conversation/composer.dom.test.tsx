import { fireEvent, screen, waitFor } from "@testing-library/react";
import { expect, test, vi } from "vitest";
import { createTestApi, refusal, type TestApi } from "../../../testing/api.ts";
import { open } from "../../../testing/page.tsx";
import { idOf, runningRun, runOf } from "../../../testing/runs.ts";
import { Composer } from "./composer.tsx";

function openComposer(api: TestApi, newest = runOf(1)) {
  const onSent = vi.fn();
  const page = open("/chat/s1", <Composer sessionId="s1" newest={newest} onSend={() => onSent} />, api);
  return { ...page, onSent };
}

const field = () => screen.getByLabelText("Message") as HTMLTextAreaElement;
const inputs = (api: TestApi) => api.asked("SendMessage").map(({ input }) => input as Record<string, unknown>);

test("Enter sends; Shift-Enter begins a line", async () => {
  const api = createTestApi();
  const { user, onSent } = openComposer(api);
  await user.type(field(), "one{Shift>}{Enter}{/Shift}two");
  expect([field().value, inputs(api)]).toEqual(["one\ntwo", []]);
  await user.keyboard("{Enter}");
  await waitFor(() => expect(field().value).toBe(""));
  expect(inputs(api)).toEqual([
    { sessionId: "s1", text: "one\ntwo", idempotencyKey: expect.stringMatching(/^[0-9a-f]{32}$/) },
  ]);
  expect(onSent.mock.calls).toEqual([[expect.objectContaining({ input: { text: "one\ntwo" } })]]);
});

test("Enter of an input method sends nothing, and blanks are no message", async () => {
  const api = createTestApi();
  const { user } = openComposer(api);
  await user.type(field(), "  ");
  fireEvent.submit(field());
  expect(screen.getByRole("button", { name: "Send" }).getAttribute("aria-disabled")).toBe("true");
  await user.type(field(), "ni");
  fireEvent.keyDown(field(), { key: "Enter", isComposing: true });
  expect(field().value).toBe("  ni");
  // It would say "Sending…".
  expect(screen.getByRole("button", { name: "Send" }).getAttribute("aria-disabled")).toBe("false");
});

test("what was refused is kept, and sent again under the same key; another text has one of its own", async () => {
  const api = createTestApi();
  api.refusals.sendMessage = refusal("the budget of the tenant is spent", "BUDGET");
  const { user } = openComposer(api);
  await user.type(field(), "hello{Enter}");
  const note = await screen.findByRole("alert");
  expect(note.textContent).toContain("The message was not sent and is kept below. The budget of the tenant is spent");
  expect(field().value).toBe("hello");
  delete api.refusals.sendMessage;
  await user.click(screen.getByRole("button", { name: "Send" }));
  await waitFor(() => expect(field().value).toBe(""));
  expect(document.activeElement).toBe(field());
  expect(screen.queryByRole("alert")).toBeNull();
  await user.type(field(), "hello{Enter}");
  await waitFor(() => expect(inputs(api)).toHaveLength(3));
  const keys = inputs(api).map(({ idempotencyKey }) => idempotencyKey);
  expect([keys[0] === keys[1], keys[1] === keys[2]]).toEqual([true, false]);
});

test("what is written and attached while a message is on its way is the next one's, after what could not be sent", async () => {
  const api = createTestApi();
  const { user } = openComposer(api);
  const attach = (name: string) => user.upload(screen.getByLabelText("Attach text files"), [new File(["x"], name)]);
  const chips = () =>
    screen.queryAllByRole("button", { name: /^Remove/ }).map((each) => each.getAttribute("aria-label"));
  const held = Promise.withResolvers<void>();
  api.wait = held.promise;
  api.refusals.sendMessage = refusal("the budget of the tenant is spent", "BUDGET");
  await user.type(field(), "one");
  await attach("a.md");
  await waitFor(() => expect(chips()).toEqual(["Remove a.md"]));
  await user.type(field(), "{Enter}two");
  await attach("b.md");
  await waitFor(() => expect(chips()).toEqual(["Remove b.md"]));
  expect(field().value).toBe("two");
  held.resolve();
  await screen.findByText(/^The message was not sent/);
  expect([field().value, chips()]).toEqual(["one\ntwo", ["Remove a.md", "Remove b.md"]]);
  const again = Promise.withResolvers<void>();
  api.wait = again.promise;
  delete api.refusals.sendMessage;
  await user.type(field(), "{Enter}three");
  await attach("c.md");
  again.resolve();
  await waitFor(() => expect(screen.getByRole("button", { name: "Send" }).getAttribute("aria-disabled")).toBe("false"));
  expect([field().value, chips()]).toEqual(["three", ["Remove c.md"]]);
});

test("a message that is longer than the server takes says so before it is sent", async () => {
  const api = createTestApi();
  openComposer(api);
  fireEvent.change(field(), { target: { value: "é".repeat(20_000) } });
  expect(screen.getByText(/^The message is .* is the most$/)).toBeDefined();
  expect(screen.getByRole("button", { name: "Send" }).getAttribute("aria-disabled")).toBe("true");
});

test("while a run goes on nothing is sent, and Stop asks for its end and gives the focus to the message", async () => {
  const api = createTestApi([runningRun(1)]);
  api.refusals.cancelRun = refusal("the run is another person's");
  const { user } = openComposer(api, runningRun(1));
  await user.type(field(), "next{Enter}");
  expect(inputs(api)).toEqual([]);
  expect(screen.getByText("Wait for the answer, or stop it")).toBeDefined();
  await user.click(screen.getByRole("button", { name: "Stop" }));
  expect(document.activeElement).toBe(field());
  expect((await screen.findByRole("alert")).textContent).toBe("Not stopped: the run is another person's");
  delete api.refusals.cancelRun;
  await user.click(screen.getByRole("button", { name: "Stop" }));
  expect((await screen.findByRole("button", { name: "Stopping…" })).getAttribute("aria-disabled")).toBe("true");
  expect(api.asked("CancelRun").at(-1)).toEqual({
    input: { runId: idOf(1), reason: "Stopped in the web page", idempotencyKey: `stop:${idOf(1)}` },
  });
});
