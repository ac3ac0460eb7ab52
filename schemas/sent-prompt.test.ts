import { describe, expect, it } from "vitest";
import { parseSentPrompt, type SentPrompt } from "./sent-prompt.ts";

describe("parseSentPrompt()", () => {
  it("gives back what was written, and nothing where nothing was", () => {
    const call = { id: "c1", name: "look", arguments: "{}" };
    const prompt: SentPrompt = {
      ...{ profile: "p", model: "m", params: { temperature: 0 }, tools: [{ name: "look", sha256: "ab" }] },
      messages: [
        { role: "assistant", text: "", bytes: 0, sha256: "ef", calls: [call], toolCallId: null },
        { role: "tool", text: "found", bytes: 5, sha256: "cd", calls: [], toolCallId: "c1" },
      ],
    };
    expect(parseSentPrompt(prompt)).toEqual(prompt);
    expect(parseSentPrompt(undefined)).toBeUndefined();
  });

  it("has a fallback for every field that another version wrote in another way", () => {
    const empty = { profile: "", model: "", params: {}, messages: [], tools: [] };
    expect(parseSentPrompt({ messages: 1, params: [] })).toEqual(empty);
    expect(parseSentPrompt({ messages: [{ calls: [{}] }, 7], tools: [{}] })).toEqual({
      ...empty,
      messages: [
        {
          ...{ role: "", text: "", bytes: 0, sha256: "", toolCallId: null },
          calls: [{ id: "", name: "", arguments: "" }],
        },
      ],
      tools: [{ name: "", sha256: "" }],
    });
  });
});
