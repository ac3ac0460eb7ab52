import { expect, test } from "vitest";
import { healthWords, modelWords } from "./server-words.ts";

test("modelWords() does not let a set of rules pass for an AI", () => {
  const model = { profile: "p", provider: "SCRIPTED" as const, model: "scripted-1", isAi: false, reason: "" };
  expect(modelWords(model)).toBe("scripted model, not an AI");
  expect(modelWords({ ...model, profile: "ollama", provider: "OPENAI_COMPATIBLE", model: "llama", isAi: true })).toBe(
    "llama · ollama",
  );
  expect(modelWords({ ...model, model: "ai\u202e", isAi: true })).toBe("ai⟨U+202E⟩ · p");
});

test("healthWords() names what is not well", () => {
  const components = [{ name: "POSTGRES" as const, status: "DEGRADED" as const, detail: null }];
  expect(healthWords({ status: "DEGRADED", components })).toBe("▲ Degraded: postgres");
  expect(healthWords({ status: "DOWN", components: [] })).toBe("■ Down");
});
