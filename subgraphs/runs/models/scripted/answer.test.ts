import { type ChatMessage, MEMORY_HEADING } from "@soma/sdk/model-client";
import { describe, expect, test } from "vitest";
import { answerByRules, MAX_THINGS } from "./answer.ts";

const TOOLS = ["calculate", "clock", "remember", "http_fetch", "note_append", "code_run"].map((name) => ({
  name,
  description: name,
  inputSchema: {},
}));
const system = (...memories: string[]): ChatMessage => ({
  role: "system",
  content: ["Instructions.", "", MEMORY_HEADING, ...memories.map((memory) => `- ${memory}`)].join("\n"),
});

function answer(text: string, options: { memories?: string[]; tools?: typeof TOOLS } = {}) {
  const messages: ChatMessage[] = [system(...(options.memories ?? [])), { role: "user", content: text }];
  return answerByRules({ messages, tools: options.tools ?? TOOLS });
}

/** The second answer: every call of the first has come back with one of these, under ids of the engine's own. */
function answerAfter(text: string, ...results: unknown[]): string {
  const first = answer(text);
  expect(first.toolCalls.length).toBe(results.length);
  const messages: ChatMessage[] = [
    system(),
    { role: "user", content: text },
    {
      role: "assistant",
      content: first.text,
      toolCalls: first.toolCalls.map((call, index) => ({ ...call, id: `engine_${index}` })),
    },
    ...results.map((result, index): ChatMessage => {
      return {
        role: "tool",
        toolCallId: `engine_${index}`,
        content: typeof result === "string" ? result : JSON.stringify(result),
      };
    }),
  ];
  const second = answerByRules({ messages, tools: TOOLS });
  expect(second.toolCalls).toEqual([]);
  return second.text;
}

const good = (output: unknown) => ({ status: "SUCCEEDED", output });

describe("answerByRules() with tools to call", () => {
  test("says what it will do and calls the tools in order", () => {
    expect(answer("What is 37*12? Remember that my favourite number is 37.")).toEqual({
      text: "I will calculate 37*12 and remember that your favourite number is 37.",
      toolCalls: [
        { id: "call_1", name: "calculate", arguments: '{"expression":"37*12"}' },
        { id: "call_2", name: "remember", arguments: '{"text":"my favourite number is 37"}' },
      ],
    });
  });

  test("gives each tool the arguments it takes", () => {
    const text =
      "What time is it? What time is it in Tokyo? fetch https://example.com. note: x. Run code: await sleep(3000); console.log('done')";
    expect(answer(text).toolCalls.map((call) => [call.name, JSON.parse(call.arguments)])).toEqual([
      ["clock", {}],
      ["clock", { timezone: "Asia/Tokyo" }],
      ["http_fetch", { url: "https://example.com" }],
      ["note_append", { text: "x" }],
      ["code_run", { code: "await sleep(3000); console.log('done')" }],
    ]);
  });

  test("calls only tools it was given, and says which it misses", () => {
    const tools = TOOLS.filter((tool) => tool.name === "calculate");
    expect(answer("What is 1+1? fetch https://a.example", { tools }).toolCalls.map((call) => call.name)).toEqual([
      "calculate",
    ]);
    expect(answer("fetch https://a.example", { tools })).toEqual({
      text: "I cannot fetch https://a.example: the tool http_fetch is not available to me.",
      toolCalls: [],
    });
  });

  test("does at most sixteen things for one message and says what it left out", () => {
    const { text, toolCalls } = answer("calculate 1+1. ".repeat(MAX_THINGS + 3));
    expect(toolCalls.length).toBe(MAX_THINGS);
    expect(text.length).toBeLessThan(1_000);
    expect(answerAfter("calculate 1+1. ".repeat(MAX_THINGS + 3), ...Array(MAX_THINGS).fill(good("2")))).toContain(
      "left out the last 3",
    );
  });

  test("looks at the last message only", () => {
    const messages: ChatMessage[] = [
      { role: "user", content: "What is 1+1?" },
      {
        role: "assistant",
        content: "",
        toolCalls: [{ id: "call_1", name: "calculate", arguments: '{"expression":"1+1"}' }],
      },
      { role: "tool", toolCallId: "call_1", content: JSON.stringify(good("2")) },
      { role: "assistant", content: "1+1 = 2." },
      { role: "user", content: "What is 1+1?" },
    ];
    expect(answerByRules({ messages, tools: TOOLS }).toolCalls.length).toBe(1);
  });
});

describe("answerByRules() with results", () => {
  test("says what came of everything, in the order of the message", () => {
    expect(
      answerAfter(
        "What is 37*12? Remember that my favourite number is 37.",
        good("444"),
        good("remembered: my favourite number is 37"),
      ),
    ).toBe("37*12 = 444.\n\nI remembered that your favourite number is 37.");
    expect(answerAfter("Hello. Note: buy milk. Who am I?", good("noted in notes.md, which has 1 line"))).toMatch(
      /^Hello! .+ not an AI; .+\n\nI noted: buy milk\.\n\nI do not know the answer to "Who am I"/,
    );
  });

  test.each<[string, string, unknown, string]>([
    [
      "the time",
      "what time is it in UTC",
      good("2026-11-24T10:00:00Z (Tuesday, UTC)"),
      "The time is 2026-11-24T10:00:00Z (Tuesday, UTC).",
    ],
    ["what code printed", "run code: 1", good("a\nb\n"), "The code printed:\n\n```\na\nb\n```"],
    ["code that printed nothing", "run code: 1", good(""), "The code ran and printed nothing."],
    [
      "a page, in a fence longer than its own",
      "fetch https://a.example",
      good("```x```"),
      "Here is https://a.example:\n\n````\n```x```\n````",
    ],
    ["a number that is no text", "calculate 1+1", good(2), "1+1 = 2."],
    ["a result without a status", "calculate 1+1", "2", "1+1 = 2."],
    ["a fact without 'that'", "remember the milk", good(""), "I remembered: the milk."],
    [
      "a denied tool",
      "run code: 1",
      { status: "DENIED", reason: "role x may not call code_run." },
      "I was not allowed to use code_run: role x may not call code_run.",
    ],
    [
      "a denied tool without a reason",
      "run code: 1",
      { status: "DENIED" },
      "I was not allowed to use code_run: no reason was given.",
    ],
    [
      "a failed tool",
      "calculate 1/0",
      { status: "FAILED", error: "it divides by zero" },
      "calculate failed: it divides by zero.",
    ],
    [
      "an error object",
      "calculate 1/0",
      { status: "FAILED", error: { type: "x", message: "it divides by zero" } },
      "calculate failed: it divides by zero.",
    ],
    ["a tool that took too long", "run code: 1", { status: "TIMED_OUT" }, "code_run failed: timed out."],
  ])("says %s", (_name, text, result, expected) => {
    expect(answerAfter(text, result)).toBe(expected);
  });

  test("keeps the beginning of a long output and says so", () => {
    const text = answerAfter("run code: 1", good("x".repeat(100_000)));
    expect(text.length).toBeLessThan(2_200);
    expect(text).toContain("this is its beginning");
    expect(answerAfter("run code: 1", { status: "TRUNCATED", output: "y" })).toBe(
      "The code printed:\n\n```\ny\n```\n\n(The output was longer; this is its beginning.)",
    );
  });

  test("gives two equal calls a result each", () => {
    expect(answerAfter("calculate 1+1. calculate 1+1.", good("2"), { status: "FAILED", error: "busy" })).toBe(
      "1+1 = 2.\n\ncalculate failed: busy.",
    );
  });

  test("says when a call has no result", () => {
    const messages: ChatMessage[] = [
      { role: "user", content: "What is 1+1?" },
      { role: "tool", toolCallId: "call_of_nobody", content: "{}" },
    ];
    expect(answerByRules({ messages, tools: TOOLS }).text).toBe("I have no result of calculate.");
  });
});

describe("answerByRules() without tools", () => {
  const memories = [
    "What is 37*12? Remember that my favourite number is 37.",
    "37*12 = 444.  I remembered that your favourite number is 37.",
    "my brother's favourite number is 9",
    "I live in Paris",
    "the wifi password is hunter2",
    "run code: 'my name is Eve'",
    "Hi! My name is Ada.",
  ];

  test.each([
    ["What is my favourite number?", "Your favourite number is 37."],
    ["WHAT'S MY FAVORITE NUMBER", "Your favourite number is 37."],
    ["Do you remember my brother's favourite number?", "Your brother's favourite number is 9."],
    ["where do I live?", "You live in Paris."],
    ["what is the wifi password?", "The wifi password is hunter2."],
    ["Who am I?", "Your name is Ada."],
    ["What do you know about Paris?", "I know this about Paris: You live in Paris."],
    [
      "what is my favourite colour?",
      "I do not know what your favourite colour is. I only know what I was told to remember.",
    ],
    ["where is my car?", "I do not know where your car is. I only know what I was told to remember."],
    ["What do you know about Rome?", 'I know nothing about Rome yet. Tell me with "remember that ...".'],
  ])("answers %j from memory, or says that it does not know", (question, expected) => {
    expect(answer(question, { memories })).toEqual({ text: expected, toolCalls: [] });
  });

  test("tells everything it knows about the user, and nothing it only said itself", () => {
    const { text } = answer("What do you know about me?", { memories });
    expect(text).toBe(
      "I know this about you: Your favourite number is 37. Your brother's favourite number is 9. You live in Paris. Your name is Ada.",
    );
  });

  test("does not take its own earlier answers for facts", () => {
    const own = [
      answer("What is my cat?").text,
      answer("qwerty").text,
      answerAfter("run code: 1", good("my cat is a dog")),
    ].map((text) => text.replaceAll("\n", " "));
    expect(answer("What is my cat?", { memories: own }).text).toMatch(/^I do not know what your cat is/);
    expect(answer("What do you know about me?", { memories: own }).text).toMatch(/^I know nothing about you yet/);
  });

  test("takes an earlier answer of an assistant when nothing else is known, as it was said", () => {
    expect(answer("What is my favourite number?", { memories: ["Your favourite number is 8."] }).text).toBe(
      "Your favourite number is 8.",
    );
  });

  test("reads memory from the section below the heading only", () => {
    const messages: ChatMessage[] = [
      { role: "system", content: `- my name is Eve\n${MEMORY_HEADING}\n- my name is Ada\n\n- my name is Mallory` },
      { role: "user", content: "What is my name?" },
    ];
    expect(answerByRules({ messages, tools: [] }).text).toBe("Your name is Ada.");
  });

  test.each([
    "qwerty",
    "",
    "Write a poem. Sing a song.",
    "```python\nprint(1)\n```",
    "x".repeat(10_000),
    "?".repeat(10_000),
    "```".repeat(10_000),
    "\u202e\u0000\ud800",
  ])("says honestly that it did not understand, once and briefly, and what it does (%#)", (message) => {
    const { text, toolCalls } = answer(message);
    expect(toolCalls).toEqual([]);
    expect(text).toContain("a set of rules and not an AI");
    expect(text).toContain('"What is 37*12?"');
    expect(text.split("I understand arithmetic").length).toBe(2);
    expect(text.length).toBeLessThan(1_000);
    expect(text.isWellFormed()).toBe(true);
  });

  test("says what it is when greeted and when asked", () => {
    for (const message of ["hello", "help", "are you an AI?"])
      expect(answer(message).text).toContain("a set of rules and not an AI");
    expect(answer("thanks").text).toBe("You are welcome.");
    expect(answer("What time is it in Atlantis?").text).toBe(
      'I do not know the time zone of "Atlantis"; name one such as Europe/Berlin.',
    );
  });

  test("stays quick with a message and memories made of questions", () => {
    const start = performance.now();
    answer("what is my a? ".repeat(2_000), { memories: Array(8).fill("my a b is c. ".repeat(2_000)) });
    // Measured at 60 ms.
    expect(performance.now() - start).toBeLessThan(2_000);
  });
});
