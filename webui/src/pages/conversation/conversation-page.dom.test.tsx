import { FIRST_FOLLOW_STATE } from "@soma/graphql/follow-state";
import { act, screen, waitFor, within } from "@testing-library/react";
import { expect, test } from "vitest";
import { useLocation } from "wouter";
import { createTestApi, refusal, type TestApi } from "../../../testing/api.ts";
import { address, open, setOnline } from "../../../testing/page.tsx";
import { idOf, runningRun, runOf } from "../../../testing/runs.ts";
import { toPlace } from "../../place.ts";
import type { Feeds } from "../../run-log/testing/feeds.ts";
import { history, type Line, modelText, started, WHOLE_RUN } from "../../run-log/testing/history.ts";
import { Shell } from "../../shell/shell.tsx";
import { ConversationPage } from "./conversation-page.tsx";

function Here() {
  return <ConversationPage place={toPlace(useLocation()[0])} welcome={null} />;
}
const openConversation = (api: TestApi, path: string) => open(path, <Here />, api);

const main = () => within(screen.getByRole("main"));
const turns = () => main().queryAllByRole("article");
const session = { id: "s1" };

/** The run's events come, and its log is as far as they go. */
async function feed(feeds: Feeds["feeds"], runId: string, lines: readonly Line[], ended = false): Promise<void> {
  await waitFor(() => expect(feeds.has(runId)).toBe(true));
  const events = history(lines);
  for (const event of events) feeds.get(runId)?.push({ ...event, runId });
  const phase = ended ? "ENDED" : "LIVE";
  feeds.get(runId)?.params.onState({ ...FIRST_FOLLOW_STATE, phase, received: events.length, head: events.length });
  if (ended) feeds.get(runId)?.end();
}

test("a question is sent from an empty page, its answer comes word by word, and the next goes to the same session", async () => {
  const api = createTestApi();
  const { user, feeds } = openConversation(api, "/chat");
  expect(screen.getByRole("heading", { level: 1 }).textContent).toBe("New conversation");
  await user.type(screen.getByLabelText("Message"), "What is 6*7?{Enter}");
  await waitFor(() => expect(address()).toBe("/chat/s-new"));
  const id = idOf(900);
  await feed(feeds, id, [started, ["STEP_STARTED", "1 model"], ...modelText("1 model", "m", ["It ", "may be"])]);
  expect(await main().findByText("It may be")).toBeDefined();
  expect(main().getByText("Live · 5/5 · verified ✓")).toBeDefined();
  expect(document.title).toBe("Running · What is 6*7? · soma");
  const next = history([["RUN_SUCCEEDED", null, { answer: "It may be" }]], 6);
  for (const event of next) feeds.get(id)?.push({ ...event, runId: id });
  await waitFor(() => expect(document.title).toBe("What is 6*7? · soma"));
  await user.type(screen.getByLabelText("Message"), "Sure?{Enter}");
  await waitFor(() => expect(turns()).toHaveLength(2));
  expect(api.asked("SendMessage").at(-1)?.input).toMatchObject({ sessionId: "s-new", text: "Sure?" });
});

test("a message that is being written belongs to its conversation, and to the session that a new one becomes", async () => {
  const api = createTestApi([runOf(2), runOf(1)]);
  const { user } = openConversation(api, "/chat/s1");
  const field = () => screen.getByLabelText<HTMLTextAreaElement>("Message");
  await main().findByText("Answer 1");
  await user.type(field(), "for one");
  act(() => window.history.pushState(null, "", `/runs/${idOf(1)}?view=chat`));
  await main().findByText("Answer 1");
  expect(field().value).toBe("for one");
  act(() => window.history.pushState(null, "", "/chat/s2"));
  await main().findByText("Answer 2");
  expect(field().value).toBe("");
  act(() => window.history.pushState(null, "", "/chat"));
  const held = Promise.withResolvers<void>();
  api.wait = held.promise;
  await user.type(field(), "Hello{Enter}more");
  held.resolve();
  await waitFor(() => expect(address()).toBe("/chat/s-new"));
  expect([field().value, document.activeElement]).toEqual(["more", field()]);
});

test("whoever has gone elsewhere while a message is being sent stays there, also who has come back", async () => {
  const api = createTestApi([runOf(1)]);
  const { user } = openConversation(api, "/chat");
  for (const path of ["/chat/s1", "/chat"]) {
    const held = Promise.withResolvers<void>();
    api.wait = held.promise;
    act(() => window.history.pushState(null, "", "/chat"));
    await user.type(screen.getByLabelText("Message"), "Hello{Enter}");
    act(() => window.history.pushState(null, "", "/chat/s1"));
    act(() => window.history.pushState(null, "", path));
    const before = api.runs.length;
    held.resolve();
    await waitFor(() => expect(api.runs.length).toBe(before + 1));
    await api.client.query("{ health { status } }", {}, { requestPolicy: "network-only" }).toPromise();
    expect(address()).toBe(path);
  }
});

test("what was just sent is there, though its conversation cannot be asked for", async () => {
  const api = createTestApi();
  api.refusals.session = refusal("the database is away", "UNAVAILABLE", true);
  const { user } = openConversation(api, "/chat");
  await user.type(screen.getByLabelText("Message"), "Hello{Enter}");
  await waitFor(() => expect(turns()).toHaveLength(1));
  expect(turns()[0]?.textContent).toContain("Hello");
});

test("a run's page shows what its events tell: the call, its decision and the answer, with its steps beside it", async () => {
  const { feeds } = openConversation(createTestApi([runningRun(1, { session })]), `/runs/${idOf(1)}`);
  await feed(feeds, idOf(1), WHOLE_RUN, true);
  expect(await main().findByText("Finished · all 26 events verified")).toBeDefined();
  expect(screen.getByRole("article").textContent).toMatch(
    /calculate.*policy ?allowed: role_allows_tool.*42.*It is 42\./s,
  );
  expect(
    within(screen.getByRole("complementary", { name: "Steps of the run" })).getByText("Asked for calculate"),
  ).toBeDefined();
});

test("steps are beside a conversation that has a run, and nothing is where there is none", async () => {
  const { user } = openConversation(createTestApi(), "/chat?step=2");
  const parts = () => within(screen.getByRole("navigation", { name: "Parts of the page" })).getAllByRole("button");
  const words = () => parts().map(({ textContent }) => textContent);
  expect(screen.queryByRole("complementary")).toBeNull();
  expect(words()).toEqual(["Conversations", "Chat"]);
  await user.type(screen.getByLabelText("Message"), "Hello{Enter}");
  expect(await screen.findByRole("complementary", { name: "Steps of the run" })).toBeDefined();
  expect(words()).toEqual(["Conversations", "Chat", "Steps"]);
});

test("j shows the list of conversations where it is hidden behind the chat, and goes to its first row", async () => {
  const page = (
    <Shell tenant="local" subject="ada">
      <style>{`:not([data-panel="list"]) > nav[aria-label="Conversations"] { display: none }`}</style>
      <Here />
    </Shell>
  );
  const { user } = open("/chat/s1", page, createTestApi([runOf(1, { session })]));
  await main().findByText("Answer 1");
  act(() => (document.activeElement as HTMLElement | null)?.blur());
  await user.keyboard("j");
  const list = screen.getByRole("navigation", { name: "Conversations" });
  expect([list.checkVisibility(), document.activeElement?.textContent]).toEqual([true, "New conversation"]);
  expect(screen.getByRole("button", { name: "Conversations" }).getAttribute("aria-pressed")).toBe("true");
});

test("an earlier run of a conversation stands among the others, and its summary is there before its events", async () => {
  const runs = [runOf(2, { session, createdAt: "2026-11-24T10:42:00.000Z" }), runOf(1, { session })];
  const { user } = openConversation(createTestApi(runs), `/runs/${idOf(1)}`);
  await waitFor(() => expect(turns()).toHaveLength(2));
  expect(turns().map((turn) => turn.dataset.selected)).toEqual(["true", "false"]);
  expect(turns()[0]?.textContent).toContain("Answer 1");
  await user.click(main().getByRole("link", { name: "Show its steps" }));
  await waitFor(() => expect(turns().map((turn) => turn.dataset.selected)).toEqual(["false", "true"]));
  expect(address()).toBe(`/runs/${idOf(2)}?view=chat`);
});

test.each([
  ["/chat/none", "There is no session with this id here."],
  [`/runs/${idOf(9)}`, "There is no run with this id here."],
  ["/nothing/here", "There is no page with this address."],
])("%s says that nothing is there, and leads to a new conversation", async (path, words) => {
  const { user } = openConversation(createTestApi(), path);
  expect(await main().findByText(words)).toBeDefined();
  expect(screen.queryByLabelText("Message")).toBeNull();
  await user.click(main().getByRole("link", { name: "Start a conversation" }));
  await waitFor(() => expect(document.activeElement).toBe(screen.getByLabelText("Message")));
});

test("a conversation that could not be loaded is tried again when asked", async () => {
  const api = createTestApi([runOf(1, { session })]);
  api.refusals.session = refusal("the database is away", "UNAVAILABLE", true);
  const { user } = openConversation(api, "/chat/s1");
  expect((await main().findByRole("alert")).textContent).toContain(
    "The conversation could not be loaded. The database is away",
  );
  delete api.refusals.session;
  await user.click(main().getByRole("button", { name: "Try again" }));
  expect(await main().findByText("Answer 1")).toBeDefined();
});

test("a lost connection says so, may be tried at once, and the network's loss is told apart", async () => {
  const { user, feeds } = openConversation(createTestApi([runningRun(1, { session })]), "/chat/s1");
  await feed(feeds, idOf(1), [started]);
  const { params } = feeds.get(idOf(1)) ?? expect.unreachable();
  let tries = 0;
  params.onWait(() => {
    tries += 1;
  });
  params.onState({ ...FIRST_FOLLOW_STATE, phase: "RECONNECTING", received: 1, head: 1, detail: "no answer" });
  await user.click(await main().findByRole("button", { name: "Retry now" }));
  expect(tries).toBe(1);
  expect(main().getByRole("button", { name: /^Reconnecting \(no answer\)/ })).toBeDefined();
  setOnline(false);
  expect(await main().findByRole("button", { name: /^You are offline/ })).toBeDefined();
});

test("a history that does not fit, and a follow that ended, keep what was shown and say what is missing", async () => {
  const { feeds } = openConversation(createTestApi([runningRun(1, { session })]), "/chat/s1");
  await feed(feeds, idOf(1), [started, ["STEP_STARTED", "1 model"], ...modelText("1 model", "m", ["So far"])]);
  feeds.get(idOf(1))?.end(new Error("the run is gone"));
  expect(await main().findByText("The rest could not be loaded: the run is gone")).toBeDefined();
  expect(main().getByText("So far")).toBeDefined();
});
