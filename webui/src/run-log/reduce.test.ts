import type { RunStatus } from "@soma/graphql/operations";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { reduce } from "./reduce.ts";
import { end, history, type Line, modelText, RUN_ID, started, toolStart, WHOLE_RUN } from "./testing/history.ts";
import { EMPTY_VIEW, type Item, newerStatus, type RunView, type ToolItem } from "./view.ts";

const view = (lines: readonly Line[]): RunView => reduce(EMPTY_VIEW, history(lines));
const card = (lines: readonly Line[]): ToolItem => {
  const found = view(lines).items.filter((item) => item.kind === "tool");
  expect(found).toHaveLength(1);
  return found[0] as ToolItem;
};
const told = (item: Item) =>
  item.kind === "text"
    ? [item.status, item.text]
    : item.kind === "tool"
      ? [item.status, item.tool, item.output]
      : [item.tone, item.text];

const calling = (tool: string): Line[] => [
  started,
  ["STEP_SUCCEEDED", "1 model", { output: { toolCalls: [{ id: "call_1", name: tool, arguments: '{"a":1}' }] } }],
];
const allowed = (tool: string): Line => [
  "STEP_SUCCEEDED",
  "2 policy",
  { output: { tool, allow: true, reason: "role_allows_tool", decisionId: "d" } },
];
const running: Line[] = [
  ...calling("fetch"),
  allowed("fetch"),
  ["STEP_STARTED", "3 tool", { summary: "Calling fetch" }],
  toolStart("3 tool", "s3", "fetch"),
];
const data = (text: string, attempt = 1): Line => [
  "STREAM_DATA",
  "3 tool",
  { stream: "s3", seq: 1, data: text },
  attempt,
];

describe("reduce() of a whole run", () => {
  test("reduce() tells the question, what was said, the tool's call and output, and the answer once", () => {
    const { items, ...run } = view(WHOLE_RUN);
    expect(run).toMatchObject({
      status: "SUCCEEDED",
      question: "What is 6*7?",
      role: "assistant",
      modelProfile: "scripted",
      seq: WHOLE_RUN.length,
      error: null,
    });
    expect(items.map(told)).toEqual([
      ["SUCCEEDED", "I shall calculate."],
      ["SUCCEEDED", "calculate", "42"],
      ["SUCCEEDED", "It is **42**."],
    ]);
    expect(items[1]).toMatchObject({
      args: '{"expression":"6*7"}',
      decision: { allow: true, reason: "role_allows_tool" },
      latencyMs: 30,
      open: false,
    });
  });

  test("reduce() tells the steps in order, also those that have no start event", () => {
    const { steps } = view(WHOLE_RUN);
    expect(steps.map((step) => [step.number, step.nodeId, step.status, step.latencyMs])).toEqual([
      [1, "recall", "SUCCEEDED", 4],
      [2, "model", "SUCCEEDED", 120],
      [3, "branch", "SUCCEEDED", 0],
      [4, "policy", "SUCCEEDED", 1],
      [5, "tool", "SUCCEEDED", 30],
      [6, "model", "SUCCEEDED", 80],
      [7, "answer", "SUCCEEDED", 0],
    ]);
    expect(steps[2]?.startedAt).toBe("2026-11-24T10:41:08.500Z");
    expect(steps[3]?.decision).toEqual({ tool: "calculate", allow: true, reason: "role_allows_tool" });
  });

  test("reduce() gives the same view however the history is cut, and however much of it comes again", () => {
    const events = history([
      ...WHOLE_RUN.slice(0, -3),
      ["RUN_RECOVERED", null, { recoveries: 1 }],
      ...WHOLE_RUN.slice(-3),
    ]);
    const whole = reduce(EMPTY_VIEW, events);
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat({ max: events.length }), fc.nat({ max: 5 })), { maxLength: 12 }), (cuts) => {
        let cut = EMPTY_VIEW;
        let at = 0;
        for (const [upTo, again] of cuts.sort(([a], [b]) => a - b)) {
          cut = reduce(cut, events.slice(Math.max(0, at - again), upTo));
          at = Math.max(at, upTo);
        }
        expect(reduce(cut, events.slice(at))).toEqual(whole);
      }),
    );
  });

  test("reduce() never takes back text that was shown", () => {
    const events = history([
      ...running,
      data("first line\n"),
      ["RUN_RECOVERED", null, { recoveries: 1 }],
      ["STEP_STARTED", "3 tool", {}, 2],
      data("second", 2),
      ["RUN_CANCELED", null, { reason: "" }],
    ]);
    let before: RunView = EMPTY_VIEW;
    for (const event of events) {
      const after = reduce(before, [event]);
      for (const item of before.items) {
        const next = after.items.find((candidate) => candidate.key === item.key);
        expect(next).toBeDefined();
        expect(JSON.stringify(next && told(next).at(-1)).slice(1, -1)).toContain(
          JSON.stringify(told(item).at(-1)).slice(1, -1),
        );
      }
      before = after;
    }
    expect(before.items.map(told)[0]).toEqual(["INTERRUPTED", "fetch", "first line\nsecond"]);
  });

  test("reduce() leaves an earlier view as it was", () => {
    const events = history(WHOLE_RUN);
    const early = reduce(EMPTY_VIEW, events.slice(0, 6));
    const copy = structuredClone(early);
    reduce(early, events.slice(6));
    expect(early).toEqual(copy);
  });

  test("reduce() returns the same object when nothing is new", () => {
    const whole = view(WHOLE_RUN);
    expect(reduce(whole, history(WHOLE_RUN))).toBe(whole);
  });

  test("reduce() keeps what a batch does not touch, so that its elements are not drawn again", () => {
    const events = history(WHOLE_RUN);
    const early = reduce(EMPTY_VIEW, events.slice(0, 9));
    const late = reduce(early, events.slice(9));
    expect(late.items[0]).toBe(early.items[0]);
    expect(late.steps[1]).toBe(early.steps[1]);
  });

  test("reduce() ignores types and payloads it does not know, but counts them", () => {
    const odd: Line[] = [
      started,
      ["STEP_PONDERED", "1 model", { x: 1 }],
      ["toString", null],
      ["STREAM_DATA", "1 model", { stream: 7 }],
      ["STREAM_START", null, {}],
    ];
    const seen = reduce(EMPTY_VIEW, [
      ...history(odd),
      ...history([["RUN_FAILED", null]], 6).map((event) => ({ ...event, payload: "text" })),
    ]);
    expect(seen).toMatchObject({
      seq: 6,
      status: "FAILED",
      steps: [],
      error: { code: "INTERNAL", message: "no reason was recorded" },
    });
    expect(seen.items.map(told)).toEqual([["failed", "The run failed: no reason was recorded"]]);
  });
});

describe("reduce() of tool cards", () => {
  const ended = (output: Record<string, unknown>): Line => [
    "STEP_SUCCEEDED",
    "3 tool",
    { latencyMs: 5, output: { tool: "fetch", error: null, ...output } },
  ];
  const failed: Line = [
    "STEP_FAILED",
    "3 tool",
    { latencyMs: 5, error: { code: "UNAVAILABLE", message: "tools did not answer" } },
  ];

  test.each<[string, readonly Line[], Partial<ToolItem>]>([
    ["runs from its start marker on", running, { status: "RUNNING", open: true, output: "", args: '{"a":1}' }],
    ["takes in chunks", [...running, data("a"), data("b")], { status: "RUNNING", output: "ab" }],
    ["succeeds", [...running, data("a"), end("3 tool", "s3", "OK")], { status: "SUCCEEDED", open: false }],
    [
      "fails",
      [...running, end("3 tool", "s3", "ERROR"), ended({ status: "FAILED", error: "404" })],
      { status: "FAILED", note: "404" },
    ],
    [
      "times out",
      [...running, end("3 tool", "s3", "TIMEOUT"), ended({ status: "TIMED_OUT" })],
      { status: "TIMED_OUT" },
    ],
    [
      "stays timed out when its step failed",
      [...running, end("3 tool", "s3", "TIMEOUT"), failed],
      { status: "TIMED_OUT" },
    ],
    [
      "fails with its step although its stream ended well",
      [...running, end("3 tool", "s3", "OK"), failed],
      { status: "FAILED", note: "tools did not answer" },
    ],
    [
      "is canceled",
      [...running, end("3 tool", "s3", "CANCELED"), ["STEP_CANCELED", "3 tool", {}]],
      { status: "CANCELED" },
    ],
    [
      "was cut at a limit",
      [...running, end("3 tool", "s3", "TRUNCATED")],
      { status: "SUCCEEDED", note: "The output was cut at the limit of the tool" },
    ],
    [
      "has an unknown outcome",
      [...running, end("3 tool", "s3", "ERROR"), ended({ status: "UNKNOWN" })],
      { status: "INTERRUPTED" },
    ],
    [
      "takes an unknown state of the end marker for a failure",
      [...running, end("3 tool", "s3", "EXPLODED")],
      { status: "FAILED" },
    ],
    [
      "is interrupted when the step ends without an end marker",
      [...running, data("a"), ended({ status: "SUCCEEDED", output: "a" })],
      { status: "INTERRUPTED", output: "a" },
    ],
    [
      "is interrupted when the run ends without one",
      [...running, data("a"), ["RUN_FAILED", null, {}]],
      { status: "INTERRUPTED", output: "a" },
    ],
    [
      "is interrupted by the loss of its worker",
      [...running, data("a"), ["RUN_RECOVERED", null, {}]],
      { status: "INTERRUPTED", open: true, output: "a" },
    ],
    [
      "goes on when the next worker goes on with the stream",
      [...running, data("a"), ["RUN_RECOVERED", null, {}], ["STEP_STARTED", "3 tool", {}, 2], data("b", 2)],
      { status: "RUNNING", output: "ab", note: null },
    ],
    [
      "takes the state of a late end marker",
      [...running, ["RUN_RECOVERED", null, {}], end("3 tool", "s3", "OK", 2)],
      { status: "SUCCEEDED", open: false, note: null },
    ],
    [
      "does not take in chunks after its end marker",
      [...running, data("a"), end("3 tool", "s3", "OK"), data("b")],
      { output: "a" },
    ],
    [
      "is completed from the result when its stream broke off",
      [...running, data("par"), end("3 tool", "s3", "OK"), ended({ status: "SUCCEEDED", output: "partial" })],
      { output: "partial" },
    ],
    [
      "keeps what was shown when the result reads otherwise",
      [...running, data("log line"), end("3 tool", "s3", "OK"), ended({ status: "SUCCEEDED", output: "result" })],
      { output: "log line" },
    ],
    [
      "is made closed for a tool that does not stream",
      [...calling("fetch"), allowed("fetch"), ended({ status: "SUCCEEDED", output: "kept" })],
      { status: "SUCCEEDED", output: "kept", args: '{"a":1}', open: false },
    ],
    [
      "is made closed when the step failed before the call",
      [...calling("fetch"), allowed("fetch"), failed],
      { status: "FAILED", tool: "fetch", note: "tools did not answer" },
    ],
    [
      "is denied by the tool step itself",
      [
        ...calling("fetch"),
        allowed("fetch"),
        ["STEP_DENIED", "3 tool", { output: { tool: "fetch", allow: false, reason: "policy changed" } }],
      ],
      { status: "DENIED", decision: { tool: "fetch", allow: false, reason: "policy changed" } },
    ],
  ])("reduce() shows a tool card that %s", (_, lines, expected) => {
    expect(card(lines)).toMatchObject(expected);
  });

  test.each<[string, Line]>([
    [
      "by its output",
      [
        "STEP_DENIED",
        "2 policy",
        { summary: "no", output: { tool: "code_run", allow: false, reason: "role_forbids_tool", decisionId: null } },
      ],
    ],
    ["by its summary alone", ["STEP_DENIED", "2 policy", { summary: "role_forbids_tool" }]],
    [
      "by a successful step that says no",
      ["STEP_SUCCEEDED", "2 policy", { output: { tool: "code_run", allow: false, reason: "role_forbids_tool" } }],
    ],
  ])("reduce() shows a tool that policy denied %s as a closed card with the reason", (_, denied) => {
    expect(card([...calling("code_run"), denied])).toMatchObject({
      tool: "code_run",
      status: "DENIED",
      open: false,
      args: '{"a":1}',
      decision: { tool: "code_run", allow: false, reason: "role_forbids_tool" },
    });
  });

  test("reduce() gives each of several calls its own arguments and decision", () => {
    const calls = [
      { id: "call_1", name: "clock", arguments: "{}" },
      { id: "call_2", name: "fetch", arguments: '{"n":2}' },
      { id: "call_3", name: "fetch", arguments: '{"n":3}' },
    ];
    const { items } = view([
      started,
      ["STEP_SUCCEEDED", "1 model", { output: { toolCalls: calls } }],
      ["STEP_DENIED", "2 policy", { output: { tool: "clock", allow: false, reason: "closed" } }],
      ["STEP_SUCCEEDED", "3 policy", { output: { tool: "fetch", allow: true, reason: "first" } }],
      toolStart("4 tool", "s4", "fetch"),
      end("4 tool", "s4", "OK"),
      ["STEP_SUCCEEDED", "4 tool", { output: { tool: "fetch", status: "SUCCEEDED" } }],
      ["STEP_SUCCEEDED", "5 policy", { output: { tool: "fetch", allow: true, reason: "second" } }],
      toolStart("6 tool", "s6", "fetch"),
    ]);
    const cards = items.filter((item) => item.kind === "tool");
    expect(cards.map(({ tool, status, args, decision }) => [tool, status, args, decision?.reason])).toEqual([
      ["clock", "DENIED", "{}", "closed"],
      ["fetch", "SUCCEEDED", '{"n":2}', "first"],
      ["fetch", "RUNNING", '{"n":3}', "second"],
    ]);
  });

  test("reduce() keeps streams that interleave apart", () => {
    const { items } = view([
      started,
      toolStart("1 tool", "a", "one"),
      toolStart("2 tool", "b", "two"),
      ["STREAM_DATA", "1 tool", { stream: "a", seq: 1, data: "1" }],
      ["STREAM_DATA", "2 tool", { stream: "b", seq: 1, data: "2" }],
      ["STREAM_DATA", "1 tool", { stream: "a", seq: 2, data: "1" }],
      end("2 tool", "b", "OK"),
    ]);
    expect(items.map(told)).toEqual([
      ["RUNNING", "one", "11"],
      ["SUCCEEDED", "two", "2"],
    ]);
  });
});

describe("reduce() of retries, take-overs and ends", () => {
  const retried: Line[] = [
    started,
    ["STEP_STARTED", "1 model", { summary: "Asking the model" }],
    ...modelText("1 model", "s1.1", ["It i"]),
    end("1 model", "s1.1", "ERROR"),
    [
      "STEP_RETRIED",
      "1 model",
      { attempt: 1, delayMs: 400, error: { code: "MODEL_FAILED", message: "the connection broke" } },
    ],
  ];

  test("reduce() shows a step between two attempts as waiting, with the failure", () => {
    expect(view(retried).steps[0]).toMatchObject({
      status: "WAITING",
      note: "Attempt 1 failed: the connection broke · next try after 0.4 s",
      attempt: 1,
    });
  });

  test("reduce() shows the text of both attempts, the broken one as failed", () => {
    const again: Line[] = [
      ["STEP_STARTED", "1 model", { summary: "Asking the model" }, 2],
      ...modelText("1 model", "s1.2", ["It is 42."], 2),
      end("1 model", "s1.2", "OK", 2),
      ["STEP_SUCCEEDED", "1 model", { latencyMs: 9, output: {} }, 2],
      ["RUN_SUCCEEDED", null, { answer: "It is 42." }],
    ];
    const { steps, items } = view([...retried, ...again]);
    expect(items.map(told)).toEqual([
      ["FAILED", "It i"],
      ["SUCCEEDED", "It is 42."],
    ]);
    expect(steps).toHaveLength(1);
    expect(steps[0]).toMatchObject({ status: "SUCCEEDED", attempt: 2, note: null, error: null });
  });

  test("reduce() says that a worker was lost, and shows the text of the lost attempt as interrupted", () => {
    const lines: Line[] = [
      started,
      ["STEP_STARTED", "1 model", {}],
      ...modelText("1 model", "s1.1", ["Half a"]),
      ["RUN_RECOVERED", null, { recoveries: 2 }],
      end("1 model", "s1.1", "INTERRUPTED"),
    ];
    const { recoveries, items, steps } = view(lines);
    expect(recoveries).toBe(2);
    expect(items[0]).toMatchObject({
      status: "INTERRUPTED",
      text: "Half a",
      note: "The worker was lost before this ended",
    });
    expect(items[1]).toMatchObject({ kind: "notice", tone: "attention" });
    expect(steps[0]?.status).toBe("INTERRUPTED");
  });

  test.each<[string, Line, Partial<RunView>, string]>([
    [
      "RUN_FAILED",
      ["RUN_FAILED", null, { error: { code: "MODEL_FAILED", message: "no model" } }],
      { status: "FAILED" },
      "The run failed: no model",
    ],
    [
      "RUN_CANCELED",
      ["RUN_CANCELED", null, { reason: "changed my mind" }],
      { status: "CANCELED" },
      "The run was canceled: changed my mind",
    ],
    ["RUN_CANCELED without a reason", ["RUN_CANCELED", null, {}], { status: "CANCELED" }, "The run was canceled"],
    [
      "RUN_SUCCEEDED without an answer",
      ["RUN_SUCCEEDED", null, { answer: "" }],
      { status: "SUCCEEDED" },
      "The run finished without an answer",
    ],
  ])("reduce() of %s says so and leaves no step running", (_, last, expected, notice) => {
    const ended = view([started, ["STEP_STARTED", "1 model", {}], last]);
    expect(ended).toMatchObject({ ...expected, finishedAt: "2026-11-24T10:41:02.000Z" });
    expect(ended.items.map(told).at(-1)?.at(-1)).toBe(notice);
    expect(ended.steps[0]).toMatchObject({
      id: `${RUN_ID}.1`,
      status: "INTERRUPTED",
      note: "The run ended before this step did",
    });
  });

  test("reduce() shows an answer that was not streamed", () => {
    expect(view([started, ["RUN_SUCCEEDED", null, { answer: "Done." }]]).items.map(told)).toEqual([
      ["SUCCEEDED", "Done."],
    ]);
  });

  test("reduce() knows that a cancel was asked for before it has happened", () => {
    expect(view([started, ["RUN_CANCEL_REQUESTED", null, {}]])).toMatchObject({
      cancelRequested: true,
      status: "RUNNING",
    });
  });

  test.each<[RunStatus, readonly Line[], RunStatus]>([
    ["RUNNING", [], "RUNNING"],
    ["QUEUED", [started], "RUNNING"],
    ["RUNNING", [started, ["RUN_SUCCEEDED", null, { answer: "" }]], "SUCCEEDED"],
    ["SUCCEEDED", [started], "SUCCEEDED"],
  ])("newerStatus() of a run listed as %s with the events %j is %s", (listed, lines, expected) => {
    expect(newerStatus(listed, view(lines))).toBe(expected);
  });

  test("reduce() orders steps by number, also when their events come out of turn", () => {
    const lines: Line[] = [started, ["STEP_STARTED", "3 c"], ["STEP_STARTED", "1 a"], ["STEP_STARTED", "2 b"]];
    expect(view(lines).steps.map((step) => step.number)).toEqual([1, 2, 3]);
  });
});
