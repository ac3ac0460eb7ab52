import type { RunStatus } from "@soma/graphql/operations";
import { describe, expect, test } from "vitest";
import { end, type Line, modelText, RUN_ID, started } from "./testing/history.ts";
import { running, told, view } from "./testing/views.ts";
import { newerBadCalls, newerStatus, type RunView } from "./view.ts";

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

  test("reduce() shows a step that has parked as waiting, for what, and as running when it goes on", () => {
    const parked: Line[] = [
      started,
      ["STEP_STARTED", "1 wait", { summary: "Waiting" }],
      ["STEP_PARKED", "1 wait", { until: "2026-01-01T08:00:00.000Z", summary: "waits until eight" }],
    ];
    expect(view(parked).steps[0]).toMatchObject({ status: "WAITING", note: "waits until eight" });
    expect(view([...parked, ["STEP_WOKEN", "1 wait", { by: "TIME" }]]).steps[0]).toMatchObject({
      status: "RUNNING",
      note: null,
    });
  });

  test("reduce() says what a person is asked and who decided it", () => {
    const asked: Line[] = [started, ["APPROVAL_ASKED", "1 asks", { name: "approval:1.0", question: "Refund 40?" }]];
    const decided = (payload: Record<string, unknown>) => view([...asked, ["APPROVAL_DECIDED", "1 asks", payload]]);
    expect(view(asked)).toMatchObject({
      status: "WAITING_APPROVAL",
      items: [{ text: "A person is asked: Refund 40?" }],
    });
    expect(decided({ approved: true, decidedBy: "user:bob" })).toMatchObject({
      ...{ status: "RUNNING", items: [{}, { text: "user:bob approved" }] },
    });
    expect(decided({ approved: false, decidedBy: "user:bob", comment: "no" }).items[1]).toMatchObject({
      text: "user:bob refused: no",
    });
    expect(decided({ approved: null }).items[1]).toMatchObject({ text: "Nobody decided in time" });
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

describe("reduce() of calls that did not end well", () => {
  const failed: Line = ["STEP_SUCCEEDED", "3 tool", { output: { tool: "fetch", status: "FAILED", error: "no" } }];
  const denied: Line = ["STEP_DENIED", "5 policy", { output: { tool: "code_run", allow: false } }];

  test("reduce() counts them beside a status that is green, and shows the step as its call ended", () => {
    const { status, badCalls, steps } = view([...running, failed, denied, ["RUN_SUCCEEDED", null, { answer: "x" }]]);
    expect([status, badCalls]).toEqual(["SUCCEEDED", { failed: 1, denied: 1, cut: 0 }]);
    expect(steps.map((step) => step.call)).toEqual([null, null, "FAILED", null]);
    expect(steps[2]?.status).toBe("SUCCEEDED");
  });

  test("reduce() counts an answer that was cut", () => {
    const cut: Line = ["STEP_SUCCEEDED", "9 model", { output: { text: "half", cut: "length" } }];
    expect(view([started, cut]).badCalls).toEqual({ failed: 0, denied: 0, cut: 1 });
  });

  test("newerBadCalls() is the server's count of a run that has ended, and else what the events tell", () => {
    const outcome = { kind: "WITH_FAILURES", failedCalls: 2, deniedCalls: 0, cutAnswers: 0 } as const;
    expect(newerBadCalls(outcome, view([...running, failed]))).toEqual({ failed: 2, denied: 0, cut: 0 });
    expect(newerBadCalls(null, view([...running, failed]))).toEqual({ failed: 1, denied: 0, cut: 0 });
    expect(newerBadCalls(undefined, undefined)).toEqual({ failed: 0, denied: 0, cut: 0 });
  });
});
