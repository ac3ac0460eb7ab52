import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Product } from "./find-product.ts";
import { showPrompt } from "./show-prompt.ts";
import { startStubProduct, written } from "./testing/stub-product.ts";

const call = { id: "c1", name: "calculate", arguments: '{"expression":"6*7"}' };
const PROMPT = {
  ...{ profile: "big", model: "m", params: { temperature: 0 }, tools: [{ name: "calculate", sha256: "ab" }] },
  messages: [
    { role: "user", text: "What is 6*7?\u001b[2J", bytes: 12, sha256: "c".repeat(64), toolCallId: null, calls: [] },
    { role: "assistant", text: "", bytes: 0, sha256: "d".repeat(64), toolCallId: null, calls: [call] },
    { role: "tool", text: "42", bytes: 2, sha256: "e".repeat(64), toolCallId: "c1", calls: [] },
  ],
};

describe("soma runs show --prompt", () => {
  let product: Product;
  let prompt: unknown = PROMPT;
  let close = (): void => {};
  beforeAll(async () => {
    const answer = () => ({ data: { node: { __typename: "Step", id: "r1.2", prompt } } });
    ({ product, close } = await startStubProduct(answer));
  });
  afterAll(() => close());

  const shown = (changes: object = {}) =>
    written(() => showPrompt(product, { id: "r1", step: "2", json: false, ...changes }));

  it("shows what was sent, with the calls, for people and as JSON", async () => {
    const { stdout } = await shown();
    expect(stdout).toContain('profile  big\nmodel    m\nparams   {"temperature":0}\ntools    calculate\n');
    expect(stdout).toContain("--- user, 12 bytes, sha256 cccccccccccc\nWhat is 6*7?");
    expect(stdout).not.toContain("\u001b");
    expect(stdout).toContain('calls calculate as c1 with {"expression":"6*7"}');
    expect(stdout).toContain("--- tool to c1, 2 bytes, sha256 eeeeeeeeeeee\n42\n");
    expect(JSON.parse((await shown({ json: true })).stdout)).toEqual(PROMPT);
  });

  it("says what is wrong with a step that has none, and with what is no step", async () => {
    prompt = null;
    await expect(shown()).rejects.toThrow("step 2 of run r1 keeps no prompt");
    await expect(shown({ step: "model" })).rejects.toThrow("--prompt is model; it is the number of a step");
  });
});
