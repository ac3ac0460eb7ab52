import { screen, waitFor, within } from "@testing-library/react";
import { expect, test, vi } from "vitest";
import { createTestApi, refusal, type TestApi } from "../../../testing/api.ts";
import { address, comeIntoView, open } from "../../../testing/page.tsx";
import { idOf, runningRun, runOf, runsOf } from "../../../testing/runs.ts";
import { RunList } from "./run-list.tsx";

function openList(api: TestApi, path = "/chat") {
  const onOpen = vi.fn();
  return { ...open(path, <RunList onOpen={onOpen} />, api), onOpen };
}

test("conversations are listed by their newest run, and the one that is open shows its runs", async () => {
  const session = { id: "s1" };
  const runs = [runningRun(3, { session }), runOf(2), runOf(1, { session })];
  const { user, onOpen } = openList(createTestApi(runs));
  await user.click(await screen.findByRole("link", { name: /^Question 1/ }));
  expect([address(), onOpen.mock.calls.length]).toEqual(["/chat/s1", 1]);
  const inner = within(screen.getByRole("list", { name: "Runs of this conversation" }));
  expect(inner.getAllByRole("link").map(({ textContent }) => textContent)).toEqual(["Question 1", "Question 3"]);
  await user.click(inner.getByRole("link", { name: "Question 3" }));
  expect(address()).toBe(`/runs/${idOf(3)}?view=chat`);
  expect(inner.getByRole("link", { name: "Question 3" }).getAttribute("aria-current")).toBe("page");
});

test("a conversation of one run is one line, which is the current one at either address", async () => {
  const { user } = openList(createTestApi([runOf(1)]), `/runs/${idOf(1)}?view=chat`);
  const line = await screen.findByRole("link", { name: /^Question 1/ });
  expect(line.getAttribute("aria-current")).toBe("page");
  expect(screen.queryByRole("list", { name: "Runs of this conversation" })).toBeNull();
  await user.click(line);
  expect([address().startsWith("/chat/"), line.getAttribute("aria-current")]).toEqual([true, "page"]);
});

test("the list says that there is nothing, and that there is more than it shows", async () => {
  const api = createTestApi();
  openList(api);
  expect(await screen.findByText(/^Nothing yet/)).toBeDefined();
  api.runs = runsOf(51, 1);
  comeIntoView();
  expect(await screen.findByText("The newest 50 runs are shown; there are older ones.")).toBeDefined();
});

test("the list keeps what it showed while the server is away, and says so", async () => {
  const api = createTestApi([runOf(1)]);
  const { user } = openList(api);
  await screen.findByText("Question 1");
  api.away = true;
  comeIntoView();
  expect(await screen.findByText(/The server does not answer; it is asked again and again/)).toBeDefined();
  expect(screen.getByText(/^As of \d\d:\d\d:\d\d\.$/)).toBeDefined();
  expect(screen.getByText("Question 1")).toBeDefined();
  api.away = false;
  await user.click(screen.getByRole("button", { name: "Try now" }));
  await waitFor(() => expect(screen.queryByText(/As of/)).toBeNull());
});

test("the list keeps what it showed when the server refuses a newer one", async () => {
  const api = createTestApi([runOf(1)]);
  openList(api);
  await screen.findByText("Question 1");
  api.refusals.runs = refusal("the database is away", "UNAVAILABLE", true);
  comeIntoView();
  expect((await screen.findByRole("alert")).textContent).toContain("The list is not up to date. The database is away");
  expect(screen.getByText("Question 1")).toBeDefined();
});

test("a list that the server refuses says why", async () => {
  const api = createTestApi();
  api.refusals.runs = refusal("this role may not read runs");
  openList(api);
  expect((await screen.findByRole("alert")).textContent).toContain("The list could not be loaded. This role may not");
  expect(screen.queryByRole("button", { name: "Try again" })).toBeNull();
});
