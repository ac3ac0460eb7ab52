import { describe, expect, test } from "vitest";
import { end, type Line, started, toolStart } from "./testing/history.ts";
import { allowed, calling, card, data, running, told, view } from "./testing/views.ts";
import type { ToolItem } from "./view.ts";

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
