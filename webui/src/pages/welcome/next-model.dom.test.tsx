import { screen, waitFor } from "@testing-library/react";
import { beforeEach, expect, test, vi } from "vitest";
import { createTestApi, refusal, type TestApi } from "../../../testing/api.ts";
import { open } from "../../../testing/page.tsx";
import { NextModel } from "./next-model.tsx";

const QWEN = { profile: "ollama", provider: "OPENAI_COMPATIBLE", model: "qwen3", isAi: true, reason: "" } as const;
const SCRIPTED = { ...QWEN, profile: "scripted", provider: "SCRIPTED", model: "scripted", isAi: false } as const;
const CHECKS = [
  { what: "TEXT", ok: true, detail: "one, two, three, four, five" },
  { what: "STREAM", ok: true, detail: "9 pieces" },
  { what: "TOOL_CALL", ok: true, detail: "37*12" },
  { what: "JSON", ok: true, detail: "42" },
];

let api: TestApi;
let checks: typeof CHECKS;
beforeEach(() => {
  checks = CHECKS;
  api = createTestApi();
  api.more = {
    testModel() {
      if (api.refusals.testModel !== undefined) throw api.refusals.testModel;
      return { ...QWEN, checks };
    },
  };
});

const openModel = (model: typeof QWEN | typeof SCRIPTED = QWEN) =>
  open("/chat", <NextModel model={model} isOperator />, api);
const keysOf = (operation: string) =>
  api.asked(operation).map(({ input }) => (input as { idempotencyKey: string }).idempotencyKey);
const button = () => screen.findByRole("button", { name: "Check the model" });
const words = () => document.querySelector("section")?.textContent;

test("until a model is chosen two ways to one are told, with a key and without", () => {
  openModel(SCRIPTED);
  expect(words()).toContain("OPENAI_API_KEY=sk-... npm start");
  expect(words()).toContain("npm run small-model");
  expect(words()).toContain("SOMA_MODEL_PROFILE=llamacpp SOMA_MODEL_CONTEXT_TOKENS=8000 npm start");
  expect(screen.queryByRole("button")).toBeNull();
});

test("a model that is chosen is said to be that and no more, until it was asked and all of it works", async () => {
  const { user } = openModel();
  expect(words()).toContain("qwen3 is chosen, by profile ollama.");
  expect(words()).not.toMatch(/connected|✓/);
  const { promise, resolve } = Promise.withResolvers<void>();
  api.wait = promise;
  await user.click(await button());
  const pressed = await screen.findByRole("button", { name: "Checking… the model" });
  await user.click(pressed);
  resolve();
  expect(await screen.findByText("✓ It answers, and all that was tried works.")).toBeDefined();
  expect(document.activeElement).toBe(pressed);
  expect(words()).toContain("✓ Textone, two, three, four, five");
  expect(words()).not.toContain("npm start");
  expect(api.asked("TestModel")).toMatchObject([{ input: { profile: "ollama" } }]);
});

test("a model of which a part does not work says which, in the words of its error, and how to have another one", async () => {
  checks = CHECKS.map((each) =>
    each.what === "TOOL_CALL" ? { ...each, ok: false, detail: "no call\u202e came" } : each,
  );
  const { user } = openModel();
  await user.click(await button());
  expect(await screen.findByText("It answers, but not all that was tried works.")).toBeDefined();
  expect(words()).toContain("✕ Calls of tools: does not workno call⟨U+202E⟩ came");
  expect(words()).toContain("npm run small-model");
});

test("a model that does not answer, and a check that is refused, say why; the check can be made again", async () => {
  const refused = "connection refused by 127.0.0.1:11434";
  checks = CHECKS.map(({ what }) => ({ what, ok: false, detail: what === "TEXT" ? refused : "not asked" }));
  const { user } = openModel();
  await user.click(await button());
  expect(await screen.findByText("✕ It does not answer.")).toBeDefined();
  expect(words()).toContain(`✕ Text: does not work${refused}`);
  api.refusals.testModel = refusal("tenant acme has tested models 6 times within a minute", "RATE_LIMITED", true);
  await user.click(await button());
  expect((await screen.findByRole("alert")).textContent).toContain("Tenant acme has tested models 6 times");
  expect(screen.queryByText("✕ It does not answer.")).toBeNull();
  delete api.refusals.testModel;
  await user.click(await button());
  expect(await screen.findByText("✕ It does not answer.")).toBeDefined();
  expect(new Set(keysOf("TestModel")).size).toBe(3);
});

test("a check whose answer was lost is the same one when it is asked for again", async () => {
  const { user } = openModel();
  const time = new AbortController();
  const limit = vi.spyOn(AbortSignal, "timeout").mockReturnValue(time.signal);
  api.wait = new Promise(() => {});
  await user.click(await button());
  await waitFor(() => expect(keysOf("TestModel")).toHaveLength(1));
  time.abort();
  expect((await screen.findByRole("alert")).textContent).toContain("no answer came within 30 s");
  limit.mockRestore();
  api.wait = Promise.resolve();
  await user.click(await button());
  expect(await screen.findByText("✓ It answers, and all that was tried works.")).toBeDefined();
  expect([keysOf("TestModel").length, new Set(keysOf("TestModel")).size]).toEqual([2, 1]);
});
