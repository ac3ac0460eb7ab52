import { screen, waitFor, within } from "@testing-library/react";
import { expect, onTestFinished, test, vi } from "vitest";
import { agentOf, createTestApi, refusal, type TestApi } from "../../../testing/api.ts";
import { address, comeIntoView, open, setOnline } from "../../../testing/page.tsx";
import AgentsPage from "./agents-page.tsx";

const PAY = agentOf("pay", {
  file: "agents/pay.ts",
  inputSchema: {
    type: "object",
    required: ["amount", "to"],
    properties: {
      amount: { type: "number", title: "Amount", description: "In euros" },
      express: { type: "boolean", default: false },
      to: { type: "object" },
    },
  },
});
const openAgent = (api: TestApi, name?: string) =>
  open(name === undefined ? "/agents" : `/agents/${name}`, <AgentsPage name={name} />, api);
const withPay = (): TestApi => Object.assign(createTestApi(), { agents: [agentOf("assistant"), PAY] });
const start = () => screen.getByRole("button", { name: "Start a run" });

test("the agents are listed with where they come from, and one is to be chosen", async () => {
  openAgent(withPay());
  const list = within(await screen.findByRole("navigation", { name: "Agents" }));
  expect(list.getAllByRole("link").map(({ textContent }) => textContent)).toEqual([
    "assistantversion 1 · comes with the product",
    "payversion 1 · agents/pay.ts",
  ]);
  expect(screen.getByText("Choose an agent.")).toBeDefined();
  expect(list.getByRole("link", { name: /pay/ }).getAttribute("href")).toBe("/agents/pay");
});

test("an agent is started with what its form says, and the page goes to the run", async () => {
  const api = withPay();
  const { user } = openAgent(api, "pay");
  await user.type(await screen.findByRole("textbox", { name: /Amount/ }), "4.5");
  await user.selectOptions(screen.getByRole("combobox", { name: /express/ }), "Yes");
  await user.click(screen.getByRole("textbox", { name: /^to/ }));
  await user.paste('{ "name": "ada" }');
  await user.click(start());
  await waitFor(() => expect(address()).toBe(`/runs/${api.runs[0]?.id}`));
  expect(api.asked("StartRun")).toMatchObject([
    { input: { graph: "pay", input: { amount: 4.5, express: true, to: { name: "ada" } } } },
  ]);
});

test("whoever has left an agent while its run was being started is not led to the run", async () => {
  const api = withPay();
  const { user, unmount } = openAgent(api, "pay");
  await screen.findByRole("textbox", { name: /Amount/ });
  const held = Promise.withResolvers<void>();
  api.wait = held.promise;
  await user.click(start());
  history.pushState(null, "", "/runs");
  unmount();
  held.resolve();
  await waitFor(() => expect(api.runs).toHaveLength(1));
  await api.client.query("{ health { status } }", {}).toPromise();
  expect(address()).toBe("/runs");
});

test("what the server does not take stands beside its field, and what is of no field below them", async () => {
  const api = withPay();
  const faults = [
    { path: "/amount", message: "must be >= 1" },
    { path: "/to/name", message: "is required" },
    { path: "/more", message: "is not known here" },
  ];
  api.refusals.startRun = refusal("graph pay does not take this input", "BAD_INPUT", false, { faults });
  const { user } = openAgent(api, "pay");
  const amount = await screen.findByRole("textbox", { name: /Amount/, description: "In euros" });
  await user.click(start());
  await waitFor(() => expect(amount.getAttribute("aria-invalid")).toBe("true"));
  expect(screen.getByRole("textbox", { name: /Amount/, description: "In euros must be >= 1" })).toBe(amount);
  expect(screen.getByRole("textbox", { name: /^to/, description: "name is required" })).toBeDefined();
  expect(screen.getByRole("alert").textContent).toBe("/more is not known here");
  await waitFor(() => expect(document.activeElement).toBe(amount));
  await user.click(screen.getByRole("button", { name: "As JSON" }));
  expect(screen.getByRole("alert").textContent).toContain("/to/name is required");
});

test("what cannot be read is told before anything is sent; what was lost on the way is asked under the same key", async () => {
  const api = withPay();
  const { user } = openAgent(api, "pay");
  const amount = await screen.findByRole("textbox", { name: /Amount/ });
  await user.type(amount, "4,5");
  await user.click(start());
  expect(screen.getByText("is no number")).toBeDefined();
  expect(api.asked("StartRun")).toEqual([]);
  await user.click(screen.getByRole("button", { name: "As JSON" }));
  expect(screen.queryByRole("textbox", { name: /Input/ }), "the form stays").toBeNull();
  await user.clear(amount);
  api.refusals.startRun = refusal("the database is away", "UNAVAILABLE", true);
  await user.click(start());
  expect((await screen.findByRole("alert")).textContent).toContain("No run was started. The database is away");
  delete api.refusals.startRun;
  await user.click(start());
  await waitFor(() => expect(address()).toBe(`/runs/${api.runs[0]?.id}`));
  const keys = api.asked("StartRun").map(({ input }) => (input as { idempotencyKey: string }).idempotencyKey);
  expect([keys.length, new Set(keys).size]).toEqual([2, 1]);
});

test("the input can be written as JSON, and goes back into the form where that has room for it", async () => {
  const api = withPay();
  const { user } = openAgent(api, "pay");
  await user.type(await screen.findByRole("textbox", { name: /Amount/ }), "2");
  await user.click(screen.getByRole("button", { name: "As JSON" }));
  const json = screen.getByRole<HTMLTextAreaElement>("textbox", { name: /Input/ });
  expect(JSON.parse(json.value)).toEqual({ amount: 2, express: false });
  const write = async (text: string): Promise<void> => {
    await user.clear(json);
    await user.click(json);
    await user.paste(text);
    await user.click(screen.getByRole("button", { name: "As a form" }));
  };
  await write("[1]");
  expect(screen.getByRole("alert").textContent).toBe("The input is no object of JSON, such as {}");
  await write('{ "amount": 3, "more": 1 }');
  expect(screen.getByRole("alert").textContent).toBe("The form has no field for more");
  await write('{ "amount": 7 }');
  expect(screen.getByRole<HTMLInputElement>("textbox", { name: /Amount/ }).value).toBe("7");
  expect(screen.getByRole<HTMLSelectElement>("combobox", { name: /express/ }).value).toBe("");
});

test("an agent that does not declare its input is started with JSON", async () => {
  const api = Object.assign(createTestApi(), { agents: [agentOf("free", { inputSchema: null })] });
  const { user } = openAgent(api, "free");
  const json = await screen.findByRole("textbox", { name: /Input/ });
  expect(screen.getByText(/does not declare what it takes/)).toBeDefined();
  expect(screen.queryByRole("button", { name: "As a form" })).toBeNull();
  await user.clear(json);
  await user.paste("{ no");
  await user.click(start());
  expect(screen.getByRole("alert").textContent).toContain("no object of JSON");
  await user.clear(json);
  await user.paste('{ "x": [1] }');
  await user.click(start());
  await waitFor(() => expect(api.asked("StartRun")).toMatchObject([{ input: { input: { x: [1] } } }]));
});

test("faults of a project come and go while one looks, and an agent that was saved is shown as it is now", async () => {
  const api = withPay();
  api.project = { name: "shop", loadedAt: "2026-11-27T10:00:00Z", faults: [] };
  openAgent(api, "pay");
  expect(await screen.findByText(/a file that is saved is taken at once/)).toBeDefined();
  await screen.findByRole("textbox", { name: /Amount/ });
  const faults = [
    { message: "agents/pay.ts cannot be loaded: Expression expected", file: "agents/words.ts", line: 3 },
    { message: "conf/roles.yaml is not read from a project", file: "conf/roles.yaml", line: null },
  ];
  api.project = { name: "shop", loadedAt: "2026-11-27T10:00:01Z", faults };
  comeIntoView();
  const note = await screen.findByRole("alert", { name: "Faults of the project" });
  expect(within(note).getByRole("heading").textContent).toBe("2 files of shop cannot be taken");
  expect(
    within(note)
      .getAllByRole("listitem")
      .map(({ textContent }) => textContent),
  ).toEqual([
    "agents/words.ts:3agents/pay.ts cannot be loaded: Expression expected",
    "conf/roles.yamlconf/roles.yaml is not read from a project",
  ]);
  api.project = { name: "shop", loadedAt: "2026-11-27T10:00:02Z", faults: [] };
  api.agents = [
    agentOf("pay", { version: 2, hash: "new", inputSchema: PAY.inputSchema, picture: pictureOf("refunded") }),
  ];
  comeIntoView();
  expect(await screen.findByText("refunded")).toBeDefined();
  expect(await screen.findByText(/a file that is saved is taken at once/)).toBeDefined();
  expect(screen.queryByRole("alert")).toBeNull();
  expect(screen.getByText("new")).toBeDefined();
});

test("the graph of an agent is a list of its nodes over lines, and says of none that it was reached", async () => {
  const node = (name: string, more: object = {}) => ({ id: name, name, type: "tool", within: null, ...more });
  const nodes = [node("ask"), node("each", { type: "map" }), node("look", { within: "each" }), node("end")];
  const edges = ["each", "end"].map((to) => ({ from: "ask", to, chosen: true }));
  const api = withPay();
  api.agents = [agentOf("pay", { picture: { nodes, edges } })];
  openAgent(api, "pay");
  const list = within(await screen.findByRole("list", { name: "Nodes of the graph" }));
  expect(list.getAllByRole("listitem").map(({ textContent }) => textContent)).toEqual([
    "asktool, leads to each or end",
    "eachmap",
    "looktool, within each",
    "endtool",
  ]);
  expect(list.queryAllByRole("button")).toEqual([]);
  expect(document.querySelectorAll("path[data-chosen=true]")).toHaveLength(2);
  expect(screen.getByText("dashed: one of several ways")).toBeDefined();
});

test.each([
  ["again and again where a project may change", { name: "shop", loadedAt: "2026-11-27T10:00:00Z", faults: [] }, true],
  ["once where there is no project", null, false],
])("the agents are asked for %s", async (_, project, isMore) => {
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
  onTestFinished(() => void vi.useRealTimers());
  const api = Object.assign(withPay(), { project });
  openAgent(api);
  await screen.findByText("Choose an agent.");
  const before = api.asked("Agents").length;
  for (let count = 0; count < 4; count += 1) await vi.advanceTimersByTimeAsync(2_000);
  expect(api.asked("Agents").length > before).toBe(isMore);
});

test("an agent that is not there, and agents that cannot be loaded, say so", async () => {
  const api = withPay();
  const { unmount } = openAgent(api, "gone");
  expect(await screen.findByText("There is no agent gone.")).toBeDefined();
  unmount();
  api.refusals.graph = refusal("the database is away", "UNAVAILABLE", true);
  const { user } = openAgent(api, "pay");
  expect((await screen.findByRole("alert")).textContent).toContain("The agent could not be loaded.");
  delete api.refusals.graph;
  await user.click(screen.getByRole("button", { name: "Try again" }));
  expect(await screen.findByRole("textbox", { name: /Amount/ })).toBeDefined();
  api.refusals.graphs = refusal("the database is away", "UNAVAILABLE", true);
  comeIntoView();
  expect((await screen.findByRole("alert")).textContent).toContain("The list of agents is not up to date.");
  expect(screen.getByRole("textbox", { name: /Amount/ })).toBeDefined();
});

test("agents that cannot be loaded at all say so", async () => {
  const api = withPay();
  api.refusals.graphs = refusal("the database is away", "UNAVAILABLE", true);
  const { user } = openAgent(api);
  expect((await screen.findByRole("alert")).textContent).toContain("The agents could not be loaded.");
  delete api.refusals.graphs;
  await user.click(screen.getByRole("button", { name: "Try again" }));
  expect(await screen.findByText("Choose an agent.")).toBeDefined();
});

test("the agents and the one that is open stay while the server or the network is away, with a note since when", async () => {
  const api = withPay();
  const { user } = openAgent(api, "pay");
  const amount = await screen.findByRole("textbox", { name: /Amount/ });
  await user.type(amount, "4");
  api.away = true;
  comeIntoView();
  expect(await screen.findByText(/The server does not answer/)).toBeDefined();
  setOnline(false);
  expect(await screen.findByText("The browser has no network.")).toBeDefined();
  expect(screen.getByText(/^As of \d\d:\d\d:\d\d\.$/)).toBeDefined();
  expect(screen.getByRole<HTMLInputElement>("textbox", { name: /Amount/ })).toBe(amount);
  expect(screen.getByRole("list", { name: "Nodes of the graph" })).toBeDefined();
  setOnline(true);
  api.away = false;
  await user.click(screen.getByRole("button", { name: "Try now" }));
  await waitFor(() => expect(screen.queryByText(/As of/)).toBeNull());
  expect(screen.getByRole("navigation", { name: "Agents" })).toBeDefined();
});

function pictureOf(name: string) {
  return { nodes: [{ id: name, name, type: "tool", within: null }], edges: [] };
}
