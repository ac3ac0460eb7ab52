import { expect, test } from "vitest";
import { modelWords } from "./server-words.ts";

test("modelWords() does not let a set of rules pass for an AI", () => {
  const model = { profile: "p", provider: "SCRIPTED" as const, model: "scripted-1", isAi: false, reason: "" };
  expect(modelWords(model)).toBe("scripted model, not an AI");
  expect(modelWords({ ...model, profile: "ollama", provider: "OPENAI_COMPATIBLE", model: "llama", isAi: true })).toBe(
    "llama · ollama",
  );
  expect(modelWords({ ...model, model: "ai\u202e", isAi: true })).toBe("ai⟨U+202E⟩ · p");
});
