import { screen, waitFor, within } from "@testing-library/react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createTestApi, refusal, type TestApi } from "../../../testing/api.ts";
import { comeIntoView, open, setOnline } from "../../../testing/page.tsx";
import { idOf, runningRun, runOf } from "../../../testing/runs.ts";
import type { Worker } from "./use-first-minutes.ts";
import Welcome from "./welcome.tsx";

const DENIED = { kind: "WITH_DENIALS", failedCalls: 0, deniedCalls: 1, cutAnswers: 0 } as const;
const demoRuns = [
  { shows: "RECOVERED" as const, run: runOf(1, { recoveries: 1 }) },
  { shows: "DENIED" as const, run: runOf(2, { outcome: DENIED }) },
  { shows: "RETRIED" as const, run: runOf(3) },
];
const worker: Worker = { isReady: true, runsInHand: 0, deaths: 0, lastDeath: null };
const death = { at: "2026-11-27T10:00:00.000Z", runs: [{ id: idOf(900) }], runCount: 1, repeatedCount: 0 };

let api: TestApi;
let agents: string[];
let firstMinutes: { worker: Worker; demoRuns: typeof demoRuns } | null;
/** What the newest run asks. */
let question: { id: string; question: string } | undefined;
beforeEach(() => {
  localStorage.clear();
  agents = ["assistant", "prices", "refund", "research"];
  firstMinutes = { worker, demoRuns };
  question = undefined;
  api = createTestApi();
  api.more = {
    graphs: () => agents.map((name) => ({ name, version: 1, hash: "h" })),
    firstMinutes: () => firstMinutes,
    run: ({ id }: { id: string }) => {
      check("run");
      const run = api.runs.find((each) => each.id === id);
      return { ...run, pendingApprovals: question === undefined ? [] : [question] };
    },
    startRun({ input }: { input: { graph: string; input: object } }) {
      check("startRun");
      const run = runningRun(900 + api.runs.length, { graph: input.graph, input: input.input });
      api.runs = [run, ...api.runs];
      return { run };
    },
    decideApproval() {
      check("decideApproval");
      question = undefined;
      return { run: api.runs[0] };
    },
    killWorker() {
      check("killWorker");
      return firstMinutes;
    },
  };
});
afterEach(() => vi.useRealTimers());

function check(field: string): void {
  const said = api.refusals[field];
  if (said !== undefined) throw said;
}

const openWelcome = () => open("/chat", <Welcome />, api);
const card = async (name: string) => {
  const heading = await screen.findByRole("heading", { name });
  return within(heading.closest("li") ?? expect.unreachable());
};
const keysOf = (operation: string) =>
  api.asked(operation).map(({ input }) => (input as { idempotencyKey: string }).idempotencyKey);
/** The newest run ends. */
const ends = (answer: string): void => {
  const [{ id, graph, input } = expect.unreachable(), ...earlier] = api.runs;
  api.runs = [runOf(0, { id, graph, input, answer }), ...earlier];
};

test("a server that has nothing to try shows the words alone, and is asked once", async () => {
  firstMinutes = null;
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
  openWelcome();
  expect(await screen.findByText("Ask something, and watch how it is answered.")).toBeDefined();
  // The library's own waiting goes by intervals, which stand still here.
  const turn = () => new Promise((resolve) => setTimeout(resolve));
  while (api.asked("FirstMinutes").length === 0) await turn();
  for (let turns = 0; turns < 20; turns += 1) await turn();
  await vi.advanceTimersByTimeAsync(10_000);
  expect(screen.queryAllByRole("heading")).toEqual([]);
  expect(api.asked("FirstMinutes")).toHaveLength(1);
});

test("the runs of the first start are there, each with what it shows and how it went", async () => {
  openWelcome();
  const list = (await screen.findByRole("heading", { name: "Look at a run" })).parentElement ?? expect.unreachable();
  const links = within(list).getAllByRole("link");
  expect(links.map((link) => link.getAttribute("href"))).toEqual([1, 2, 3].map((number) => `/runs/${idOf(number)}`));
  expect(list.textContent).toContain("A call that policy denied");
  expect(list.textContent).toContain("Succeeded, 1 call denied");
});

test("the tour leads to the run that survived, to a call that is denied and to a fork, and stays closed once it was closed", async () => {
  const { user, unmount } = openWelcome();
  const tour = await screen.findByRole("region", { name: "Tour" });
  const links = within(tour).getAllByRole("link");
  const asked = "/chat?text=Run+code%3A+console.log%281%29&role=restricted&model=scripted";
  expect(links.map((link) => [link.textContent, link.getAttribute("href")])).toEqual([
    ["Open the run that survived a kill", `/runs/${idOf(1)}`],
    ["Ask for what is not allowed", asked],
    ["Fork the run that was denied", `/runs/${idOf(2)}`],
  ]);
  expect(within(tour).getAllByRole("listitem")).toHaveLength(3);
  await user.click(screen.getByRole("button", { name: "Close the tour" }));
  expect(document.activeElement?.textContent).toBe("Show the tour");
  unmount();
  const again = openWelcome();
  await again.user.click(await screen.findByRole("button", { name: "Show the tour" }));
  expect(screen.getByRole("heading", { name: "Three minutes" })).toBeDefined();
});

test("the tour can be closed where nothing can be kept", async () => {
  for (const name of ["getItem", "setItem"] as const)
    vi.spyOn(Storage.prototype, name).mockImplementation(() => {
      throw new Error("storage is off");
    });
  firstMinutes = { worker, demoRuns: [] };
  const { user } = openWelcome();
  await user.click(await screen.findByRole("button", { name: "Close the tour" }));
  expect(screen.queryByRole("heading", { name: "Three minutes" })).toBeNull();
  expect(screen.queryByRole("heading", { name: "Look at a run" })).toBeNull();
  vi.restoreAllMocks();
});

test("samples come before the worker that can be killed", async () => {
  openWelcome();
  await card("Memory");
  const headings = screen.getAllByRole("heading", { level: 2 }).map(({ textContent }) => textContent);
  expect(headings).toEqual([
    ...["Three minutes", "Run a sample", "Look at a run", "Kill the worker", "Next: a real model"],
  ]);
});

test("each card says that no AI answers it, and only those of agents that are there are shown", async () => {
  agents = ["assistant", "research"];
  openWelcome();
  await card("Research with a retry");
  expect(screen.getAllByText("scripted: a set of rules, not an AI")).toHaveLength(2);
  expect(screen.queryByRole("heading", { name: "A refund that waits for you" })).toBeNull();
});

test("a card runs its agent on the scripted model, asks what the run asks, and shows its answer", async () => {
  const { user } = openWelcome();
  const refund = await card("A refund that waits for you");
  await user.click(refund.getByRole("button", { name: /^Run A refund/ }));
  expect(api.asked("StartRun")[0]?.input).toMatchObject({
    ...{ graph: "refund", input: { text: "refund A-17" }, modelProfile: "scripted" },
  });
  const id = api.runs[0]?.id ?? "";
  question = { id: `${id}.1`, question: "Pay 40 back?" };
  expect(await refund.findByText("Pay 40 back?")).toBeDefined();
  await user.click(refund.getByRole("button", { name: "Approve" }));
  ends("40 paid back");
  expect(await refund.findByText(/40 paid back/)).toBeDefined();
  expect(document.activeElement?.textContent).toMatch(/^Run again/);
  expect(api.asked("DecideApproval")[0]?.input).toMatchObject({ approvalId: `${id}.1`, approve: true });
  expect(refund.getByRole("link", { name: "See every step" }).getAttribute("href")).toBe(`/runs/${id}`);
});

test("what a run asks may be refused, and a decision that did not arrive is told", async () => {
  const { user } = openWelcome();
  const refund = await card("A refund that waits for you");
  await user.click(refund.getByRole("button", { name: /^Run A refund/ }));
  question = { id: "q", question: "Pay 40 back?" };
  api.refusals.decideApproval = refusal("the database is away", "UNAVAILABLE", true);
  await user.click(await refund.findByRole("button", { name: "Refuse" }));
  expect((await refund.findByRole("alert")).textContent).toContain("The database is away");
  expect(api.asked("DecideApproval")[0]?.input).toMatchObject({ approve: false });
});

test("the memory card runs two conversations, one after the other", async () => {
  const { user } = openWelcome();
  const memory = await card("Memory");
  await user.click(memory.getByRole("button", { name: "Run Memory" }));
  await user.click(memory.getByRole("button", { name: /^Running/ }));
  expect(api.asked("StartRun")).toHaveLength(1);
  ends("I remembered it.");
  await waitFor(() => expect(api.asked("StartRun")).toHaveLength(2));
  expect(api.asked("StartRun")[1]?.input).toMatchObject({ input: { text: "What is my favourite number?" } });
  ends("Your favourite number is 37.");
  expect(await memory.findByText(/Your favourite number is 37/)).toBeDefined();
});

test("a card that could not begin says why, and can be run again", async () => {
  api.refusals.startRun = refusal("there are too many runs", "LIMIT_EXCEEDED", true);
  const { user } = openWelcome();
  const research = await card("Research with a retry");
  await user.click(research.getByRole("button", { name: /^Run Research/ }));
  expect((await research.findByRole("alert")).textContent).toContain("There are too many runs");
  delete api.refusals.startRun;
  await user.click(research.getByRole("button", { name: /^Run Research/ }));
  await waitFor(() => expect(research.queryByRole("alert")).toBeNull());
  ends("Found.");
  const again = await research.findByRole("button", { name: /^Run again/ });
  await waitFor(() => expect(again.getAttribute("aria-disabled")).toBe("false"));
  await user.click(again);
  await waitFor(() => expect(keysOf("StartRun")).toHaveLength(3));
  const [refused, begun, next] = keysOf("StartRun");
  expect([begun === refused, next === begun]).toEqual([true, false]);
});

const toll = () => document.querySelector("dl")?.textContent;

test("the worker is killed in the middle of a run, and the numbers are those of the server", async () => {
  const { user } = openWelcome();
  await user.click(await screen.findByRole("button", { name: "Kill the worker now" }));
  expect(toll()).toBe("lost–repeated–back after–");
  firstMinutes = {
    worker: {
      isReady: false,
      runsInHand: 0,
      deaths: 1,
      lastDeath: { ...death, waitingCount: 1, lostCount: 0, backAfterMs: null },
    },
    demoRuns,
  };
  await waitFor(() => expect(api.asked("KillWorker")).toHaveLength(1));
  expect(await screen.findByText(/starting again; until then the server does its work/)).toBeDefined();
  expect(toll()).toBe("lost–repeated–back after–");
  // While it starts again it cannot be killed.
  await user.click(screen.getByRole("button", { name: "Kill the worker now" }));
  firstMinutes = {
    worker: { ...worker, deaths: 1, lastDeath: { ...death, waitingCount: 0, lostCount: 0, backAfterMs: 512 } },
    demoRuns,
  };
  await waitFor(() => expect(toll()).toBe("lost0repeated0back after512 ms"));
  expect(screen.getByRole("link", { name: "See the run" }).getAttribute("href")).toBe(`/runs/${idOf(900)}`);
  expect([api.asked("KillWorker").length, api.asked("StartRun").length]).toEqual([1, 1]);
});

test("what is bad is told as it is, of one run and of many", async () => {
  const lost = { ...death, runCount: 30, waitingCount: 0, lostCount: 2, repeatedCount: 1, backAfterMs: 1_400 };
  firstMinutes = { worker: { ...worker, runsInHand: 2, lastDeath: lost }, demoRuns };
  openWelcome();
  expect(await screen.findByRole("link", { name: "See one of the 30 runs" })).toBeDefined();
  expect(toll()).toBe("lost2repeated1back after1.4 s");
  expect(document.querySelectorAll("[data-bad=true]")).toHaveLength(2);
  expect(screen.getByText("The worker is ready and has 2 runs in hand.")).toBeDefined();
});

test("a worker that died with nothing in hand lost nothing, and there is no run to see", async () => {
  const empty = { ...death, runs: [], runCount: 0, waitingCount: 0, lostCount: 0, backAfterMs: null };
  firstMinutes = { worker: { ...worker, runsInHand: 1, lastDeath: empty }, demoRuns };
  openWelcome();
  expect(await screen.findByText("It had no run in hand.")).toBeDefined();
  expect(screen.getByText("The worker is ready and has one run in hand.")).toBeDefined();
});

test("a kill that was refused says why", async () => {
  api.refusals.killWorker = refusal("the worker process is not ready yet", "UNAVAILABLE", true);
  const { user } = openWelcome();
  await user.click(await screen.findByRole("button", { name: "Kill the worker now" }));
  expect((await screen.findByRole("alert")).textContent).toContain("The worker was not killed.");
});

test("a run that does not begin is waited for ten seconds, and one that cannot be started is not waited for", async () => {
  const { user } = openWelcome();
  const button = await screen.findByRole("button", { name: "Kill the worker now" });
  api.refusals.startRun = refusal("there are too many runs", "LIMIT_EXCEEDED", true);
  await user.click(button);
  expect((await screen.findByRole("alert")).textContent).toContain("There are too many runs");
  delete api.refusals.startRun;
  api.refusals.run = refusal("the database is away", "UNAVAILABLE", true);
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"], shouldAdvanceTime: true });
  button.click();
  await waitFor(() => expect(api.asked("SampleRun").length).toBeGreaterThan(0));
  expect([keysOf("StartRun").length, new Set(keysOf("StartRun")).size]).toEqual([2, 1]);
  await vi.advanceTimersByTimeAsync(10_000);
  expect((await screen.findByRole("alert")).textContent).toContain("did not begin within ten seconds");
  expect(api.asked("KillWorker")).toHaveLength(0);
});

test("what there is to try stays while the server is away, with a note that says since when", async () => {
  const { user } = openWelcome();
  await screen.findByRole("button", { name: "Kill the worker now" });
  await screen.findByRole("heading", { name: "Next: a real model" });
  await card("Memory");
  api.away = true;
  comeIntoView();
  expect(await screen.findByText(/The server does not answer/)).toBeDefined();
  for (const name of ["Look at a run", "Kill the worker", "Run a sample", "Next: a real model"])
    expect(screen.getByRole("heading", { name })).toBeDefined();
  setOnline(false);
  expect(await screen.findByText("The browser has no network.")).toBeDefined();
  setOnline(true);
  api.away = false;
  await user.click(screen.getByRole("button", { name: "Try now" }));
  await waitFor(() => expect(screen.queryByText(/As of/)).toBeNull());
});

test("the model that is chosen is named; its check is for who has the role operator", async () => {
  const modelStatus = { profile: "ollama", provider: "OPENAI_COMPATIBLE", model: "qwen3", isAi: true, reason: "" };
  const viewer = { subject: "ada", tenant: "acme", roles: ["assistant"] };
  Object.assign(api.more, { modelStatus, viewer });
  const { unmount } = openWelcome();
  const { parentElement } = await screen.findByRole("heading", { name: "Next: a real model" });
  expect(parentElement?.textContent).toContain("qwen3 is chosen, by profile ollama.");
  expect(parentElement?.textContent).toContain("Who has the role operator can check whether it works.");
  unmount();
  viewer.roles = ["operator"];
  openWelcome();
  expect(await screen.findByRole("button", { name: "Check the model" })).toBeDefined();
});
