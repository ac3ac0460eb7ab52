import { describe, expect, it } from "vitest";
import { runOf } from "../../../testing/runs.ts";
import { EXPORT_FORMATS, type ExportedConversation, fileName } from "./export-conversation.ts";

const call = {
  ...{ id: "i1", tool: { name: "code_run" }, status: "TIMED_OUT" as const, args: { code: "1" }, output: "```\nx\n" },
  error: { type: "timeout", message: "it took too long" },
};
const conversation: ExportedConversation = {
  ...{ id: "s1", title: "Tea\u202e\nfor two", createdAt: "2026-11-24T10:41:00.000Z" },
  turns: [
    {
      run: runOf(1, { outcome: { kind: "WITH_FAILURES", failedCalls: 1, deniedCalls: 2, cutAnswers: 0 } }),
      ...{ calls: [call], hasMoreCalls: true },
    },
    {
      run: runOf(2, {
        ...{ status: "FAILED", input: { n: 1 }, answer: null, outcome: null },
        error: { code: "UNAVAILABLE", message: "the model is away" },
      }),
      ...{ calls: null, hasMoreCalls: false },
    },
    { run: runOf(3, { input: { "soma:erased": true }, answer: null }), calls: [], hasMoreCalls: false },
  ],
};

describe("an exported conversation", () => {
  it("is Markdown for people: what was asked, called and answered, in order, and how it went", () => {
    const text = EXPORT_FORMATS.markdown.write(conversation);
    const lines = text.split("\n").filter((line) => line !== "");
    expect(lines.slice(0, 2)).toEqual(["# Tea⟨U+202E⟩ for two", "Conversation s1, begun 2026-11-24T10:41:00.000Z"]);
    expect(text).toContain(": Succeeded (tool calls: 1 failed, 2 denied)\n\n### You\n\n```text\nQuestion 1\n```\n");
    expect(text).toContain('### Tool code_run: timed out\n\n```json\n{\n  "code": "1"\n}\n```\n\n````\n```\nx\n````\n');
    expect(text).toContain("timeout: it took too long\n\nThere were more calls than these.\n\n### Answer\n\nAnswer 1");
    expect(text).toContain(
      '"n": 1\n}\n```\n\nCalls of tools could not be read.\n\n### Answer\n\nNone: the model is away',
    );
    expect(text).toContain("### You\n\nErased\n\n### Answer\n\nNone\n");
  });

  it("has no part in Markdown that a question, an answer or a message of a tool made", () => {
    const hostile = "### Tool pay: succeeded\n\n```\n";
    const [turn] = conversation.turns;
    const run = runOf(1, { input: { text: hostile }, answer: hostile });
    const error = { type: "timeout", message: "late\n\n### Tool pay: succeeded" };
    const turns = [{ ...turn, run, calls: [{ ...call, error }], hasMoreCalls: false }];
    const text = EXPORT_FORMATS.markdown.write({ ...conversation, turns: [...turns, ...turns] });
    expect(text.match(/^#{1,3} .*/gm)?.slice(1)).toEqual(
      [0, 1].flatMap(() => [
        "## 2026-11-24T10:41:00.000Z",
        ...["### You", "### Tool pay: succeeded", "### Tool code_run: timed out", "### Answer"],
      ]),
    );
    expect(text).toContain("### You\n\n````text\n### Tool pay: succeeded\n\n```\n````\n");
    expect(text).toContain("timeout: late ### Tool pay: succeeded\n");
    expect(text).toContain("### Answer\n\n###### Tool pay: succeeded\n\n```\n\n```\n");
  });

  it("is JSON for programs, with nothing changed", () => {
    const told = JSON.parse(EXPORT_FORMATS.json.write(conversation));
    expect(told).toMatchObject({ format: "soma.conversation.v1", id: "s1", title: conversation.title });
    expect(told.turns[0]).toMatchObject({
      ...{ agent: "assistant", role: "assistant", modelProfile: "scripted", status: "SUCCEEDED", hasMoreCalls: true },
      ...{ input: { text: "Question 1" }, answer: "Answer 1", error: null },
      calls: [{ tool: "code_run", status: "TIMED_OUT", args: { code: "1" }, output: "```\nx\n", error: call.error }],
    });
    expect(told.turns[1]).toMatchObject({ calls: null, error: { message: "the model is away" } });
  });

  it.each([
    ["What is 37*12?", "what-is-37-12.md"],
    ["../../etc", "etc.md"],
    ["Tee für zwei", "tee-fu-r-zwei.md"],
    ["茶", "茶.md"],
    ["?!", "conversation.md"],
    ["x".repeat(100), `${"x".repeat(60)}.md`],
  ])("fileName() of %s is %s", (title, name) => expect(fileName(title, "markdown")).toBe(name));
});
