import { type AnyGraph, appended, graph, replaced } from "@soma/sdk/graph";
import { describe, expect, it } from "vitest";
import type { HistoryEvent } from "../../domain/history.ts";
import { aHistory } from "../../testing/events.ts";
import { replay, stoppedBy } from "./replay.ts";
import type { Scope } from "./scope.ts";

const pure = { type: "branch" as const, pure: true, run: () => ({ summary: "" }) };

const loop = graph("loop", 1, { trail: appended<string>(), left: replaced(2) })
  .node("work", {
    ...pure,
    run: (state) => ({ summary: "", patch: { trail: [`w${state.left}`], left: state.left - 1 } }),
  })
  .node("end", pure)
  .when("work", ["work", "end"], (state) => (state.left > 0 ? "work" : "end"))
  .build((state) => state.trail.join(","));

const openStep = (graph: AnyGraph, events: HistoryEvent[]): Scope => replay(graph, events).root;

describe("replay()", () => {
  const done = (step: number, patch: object) => ({
    kind: "STEP_SUCCEEDED" as const,
    step,
    node: "work",
    payload: { patch: patch as never },
  });

  it("begins at the entry, and stands after the last finished step", () => {
    expect(replay(loop, [])).toMatchObject({
      root: { node: "work", step: { attempts: 0 } },
      lastStep: 0,
      head: { seq: 0 },
    });
    const events = aHistory({ kind: "RUN_STARTED" }, done(1, { trail: ["w2"], left: 1 }));
    expect(replay(loop, events)).toMatchObject({
      root: { state: { trail: ["w2"], left: 1 }, node: "work", step: { number: undefined } },
      lastStep: 1,
      head: { seq: 2 },
    });
    expect(replay(loop, aHistory({ kind: "RUN_STARTED" }, done(1, { left: 0 })))).toMatchObject({
      root: { node: "end" },
      lastStep: 1,
    });
  });

  it("numbers the steps after a fork or a rollback as that says, whatever stands before it", () => {
    const first = done(1, { trail: ["w2"], left: 1 });
    for (const kind of ["RUN_FORKED", "RUN_ROLLED_BACK"] as const) {
      const events = aHistory({ kind: "RUN_STARTED" }, first, { kind, payload: { nextStep: 7 } });
      expect(replay(loop, events)).toMatchObject({ root: { state: { left: 1 }, node: "work" }, lastStep: 6 });
      const [next] = aHistory(done(7, { left: 0 }));
      expect(replay(loop, [...events, next as HistoryEvent])).toMatchObject({ root: { node: "end" }, lastStep: 7 });
    }
  });

  it("begins a fork of the very beginning with its own input, and any other one as its origin began", () => {
    const named: AnyGraph = graph(
      "named",
      1,
      { name: replaced("") },
      { begin: (input) => ({ name: String(input.text) }) },
    )
      .node("end", pure)
      .build(({ name }) => name);
    const started = { kind: "RUN_STARTED" as const, payload: { input: { text: "first" } } };
    const forked = { kind: "RUN_FORKED" as const, payload: { input: { text: "second" }, nextStep: 1 } };
    const nameOf = (events: HistoryEvent[]) => replay(named, events).root.state.name;
    expect([nameOf(aHistory(started)), nameOf(aHistory(started, forked))]).toEqual(["first", "second"]);
    expect(nameOf(aHistory(started, { ...done(1, {}), node: "end" }, forked))).toBe("first");
  });

  it("knows the attempts and the open streams of a step that was begun and not ended", () => {
    const stream = (kind: "STREAM_START" | "STREAM_DATA" | "STREAM_END", name: string, seq: number, data = "") => ({
      kind,
      step: 1,
      node: "work",
      payload: { stream: name, seq, data },
    });
    const { node, step } = openStep(
      loop,
      aHistory(
        { kind: "RUN_STARTED" },
        { kind: "STEP_STARTED", step: 1, node: "work" },
        stream("STREAM_START", "a", 0),
        stream("STREAM_END", "a", 1),
        { kind: "STEP_RETRIED", step: 1, node: "work" },
        { kind: "STEP_STARTED", step: 1, node: "work", attempt: 2 },
        stream("STREAM_START", "b", 0),
        stream("STREAM_DATA", "b", 1, "half"),
      ),
    );
    expect({ node, ...step }).toMatchObject({ node: "work", number: 1, attempts: 2, tries: { failures: 1 } });
    expect(step.streams.open).toEqual(new Map([["b", { seq: 1, data: "half" }]]));
    expect(step.streams.ended).toEqual(new Set(["a"]));
  });
});

describe("replay() of a step that waits", () => {
  const retried = (code: string) => ({
    kind: "STEP_RETRIED" as const,
    step: 1,
    node: "work",
    payload: { error: { code, message: "" } },
  });

  it("knows the span of the last attempt that failed, where its history tells of one", () => {
    const [failed] = aHistory({ ...retried("TIMEOUT"), payload: { spanId: "c".repeat(16) } });
    const began = { kind: "STEP_STARTED" as const, step: 1, node: "work", attempt: 2 };
    const spanOf = (...events: HistoryEvent[]) => openStep(loop, events).step.spanId;
    expect(spanOf(failed as HistoryEvent, ...aHistory(began))).toBe("c".repeat(16));
    expect([spanOf(...aHistory(began)), spanOf(...aHistory(retried("TIMEOUT")))]).toEqual(["", ""]);
  });

  it("counts what failed, and not what could not be reached, by the policy of the node", () => {
    const events = aHistory(retried("UNAVAILABLE"), retried("DATABASE_BUSY"), retried("MODEL_FAILED"));
    expect(openStep(loop, events).step.tries).toMatchObject({ failures: 1, outages: 0 });
    const impatient = graph("impatient", 1, {})
      .node("work", { ...pure, retry: { maxAttempts: 3, initialMs: 1, maxMs: 1, outageMs: 0 } })
      .build(() => "");
    expect(openStep(impatient, events).step.tries.failures).toBe(3);
  });

  it("knows since when it waits and what its failures took, whichever process goes on", () => {
    const started = (attempt: number) => ({ kind: "STEP_STARTED" as const, step: 1, node: "work", attempt });
    const events = aHistory(
      ...[started(1), retried("TIMEOUT"), started(2), retried("UNAVAILABLE"), started(3), retried("UNAVAILABLE")],
    );
    expect(openStep(loop, events).step).toMatchObject({
      attempts: 3,
      tries: { failures: 1, failedMs: 1_000, outages: 2, awaySince: events[3]?.at },
    });
  });

  it("knows what it waits for, what woke it until it ends, and which signals were heard", () => {
    const step = (
      kind: "STEP_STARTED" | "STEP_PARKED" | "STEP_WOKEN" | "STEP_SUCCEEDED",
      attempt = 1,
      payload = {},
    ) => ({
      ...{ kind, step: 1, node: "work", attempt, payload },
    });
    const parked = { until: "2026-01-01T08:00:00.000Z", signal: "paid", summary: "waits" };
    const signal = { no: 3, name: "paid", payload: 7, sentBy: "user:ada" };
    const events = [
      ...[step("STEP_STARTED"), step("STEP_PARKED", 1, parked), step("STEP_WOKEN", 1, { signal })],
      step("STEP_STARTED", 2),
    ];
    const flat = (history: HistoryEvent[]) => {
      const { heard, root } = replay(loop, history);
      return { heard, ...root.step };
    };
    const after = (count: number) => flat(aHistory(...events.slice(0, count)));
    expect(after(1)).toMatchObject({ attempts: 1, parked: undefined, woken: undefined, heard: [] });
    const until = new Date("2026-01-01T08:00:00Z");
    expect(after(2)).toMatchObject({ attempts: 1, parked: { ...parked, until }, woken: undefined });
    const woken = { by: "SIGNAL", name: "paid", payload: 7, sentBy: "user:ada" };
    expect(after(3)).toMatchObject({ attempts: 1, parked: undefined, woken, heard: [3] });
    expect(after(4)).toMatchObject({ attempts: 2, parked: undefined, woken, wakes: 1, heard: [3] });
    expect(flat(aHistory(...events, step("STEP_SUCCEEDED", 2)))).toMatchObject({
      ...{ attempts: 0, parked: undefined, woken: undefined, wakes: 0, number: undefined, heard: [3] },
    });
    // A pure step has no start of its own, and one that only waited has heard nothing.
    const pureStep = [step("STEP_PARKED", 1, { until: null }), step("STEP_WOKEN")];
    expect(flat(aHistory({ ...retried("TIMEOUT"), attempt: 2 })).attempts).toBe(2);
    expect(flat(aHistory(...pureStep))).toMatchObject({ attempts: 1, woken: { by: "TIME" }, heard: [] });
  });
});

it("replay() takes a stream that begins when its step is over for nothing of the step that is open", () => {
  const late = { stream: "late", seq: 0, delim: "start", tool: null, call_id: "c", content_type: "text/plain" };
  const events = aHistory(
    { kind: "RUN_STARTED" },
    { kind: "STEP_STARTED", step: 1, node: "work" },
    { kind: "STEP_SUCCEEDED", step: 1, node: "work", payload: { patch: { left: 1 } } },
    { kind: "STEP_STARTED", step: 2, node: "work" },
    { kind: "STREAM_START", step: 1, node: "work", payload: late as never },
  );
  const { step } = replay(loop, events).root;
  expect([step.number, [...step.streams.open.keys()]]).toEqual([2, []]);
});

describe("stoppedBy()", () => {
  const error = { code: "TIMEOUT", message: "late" };

  it("tells what ended the run's last step for good, and nothing while it may go on", () => {
    const began = [{ kind: "RUN_STARTED" as const }, { kind: "STEP_STARTED" as const, step: 1 }];
    expect(stoppedBy(aHistory(...began))).toBeUndefined();
    expect(stoppedBy(aHistory(...began, { kind: "STEP_RETRIED", step: 1, payload: { error } }))).toBeUndefined();
    expect(stoppedBy(aHistory(...began, { kind: "STEP_FAILED", step: 1, payload: { error } }))).toEqual({
      kind: "STEP_FAILED",
      error,
    });
    expect(stoppedBy(aHistory(...began, { kind: "STEP_CANCELED", step: 1 }))?.kind).toBe("STEP_CANCELED");
  });
});
