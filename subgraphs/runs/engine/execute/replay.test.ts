import { appended, graph, replaced } from "@soma/sdk/graph";
import { describe, expect, it } from "vitest";
import { aHistory } from "../../testing/events.ts";
import { replay, stoppedBy } from "./replay.ts";

const pure = { type: "branch" as const, pure: true, run: () => ({ summary: "" }) };

const loop = graph("loop", 1, { trail: appended<string>(), left: replaced(2) })
  .node("work", {
    ...pure,
    run: (state) => ({ summary: "", patch: { trail: [`w${state.left}`], left: state.left - 1 } }),
  })
  .node("end", pure)
  .when("work", ["work", "end"], (state) => (state.left > 0 ? "work" : "end"))
  .build((state) => state.trail.join(","));

describe("replay()", () => {
  const done = (step: number, patch: object) => ({
    kind: "STEP_SUCCEEDED" as const,
    step,
    node: "work",
    payload: { patch: patch as never },
  });

  it("begins at the entry, and stands after the last finished step", () => {
    expect(replay(loop, [])).toMatchObject({ node: "work", stepNumber: 1, attempts: 0, head: { seq: 0 } });
    const events = aHistory({ kind: "RUN_STARTED" }, done(1, { trail: ["w2"], left: 1 }));
    expect(replay(loop, events)).toMatchObject({
      state: { trail: ["w2"], left: 1 },
      node: "work",
      stepNumber: 2,
      head: { seq: 2 },
    });
    expect(replay(loop, aHistory({ kind: "RUN_STARTED" }, done(1, { left: 0 })))).toMatchObject({
      node: "end",
      stepNumber: 2,
    });
  });

  it("numbers the steps after a fork or a rollback as that says, whatever stands before it", () => {
    const first = done(1, { trail: ["w2"], left: 1 });
    for (const kind of ["RUN_FORKED", "RUN_ROLLED_BACK"] as const) {
      const events = aHistory({ kind: "RUN_STARTED" }, first, { kind, payload: { nextStep: 7 } });
      expect(replay(loop, events)).toMatchObject({ state: { left: 1 }, node: "work", stepNumber: 7, attempts: 0 });
      expect(replay(loop, [...events, ...aHistory(done(7, { left: 0 }))])).toMatchObject({
        node: "end",
        stepNumber: 8,
      });
    }
  });

  it("knows the attempts and the open streams of a step that was begun and not ended", () => {
    const stream = (kind: "STREAM_START" | "STREAM_DATA" | "STREAM_END", name: string, seq: number, data = "") => ({
      kind,
      step: 1,
      node: "work",
      payload: { stream: name, seq, data },
    });
    const position = replay(
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
    expect(position).toMatchObject({ node: "work", stepNumber: 1, attempts: 2, tries: { failures: 1 } });
    expect(position.streams.open).toEqual(new Map([["b", { seq: 1, data: "half" }]]));
    expect(position.streams.ended).toEqual(new Set(["a"]));
  });
});

describe("replay() of a step that waits", () => {
  const retried = (code: string) => ({
    kind: "STEP_RETRIED" as const,
    step: 1,
    node: "work",
    payload: { error: { code, message: "" } },
  });

  it("counts what failed, and not what could not be reached, by the policy of the node", () => {
    const events = aHistory(retried("UNAVAILABLE"), retried("DATABASE_BUSY"), retried("MODEL_FAILED"));
    expect(replay(loop, events).tries).toMatchObject({ failures: 1, outages: 0 });
    const impatient = graph("impatient", 1, {})
      .node("work", { ...pure, retry: { maxAttempts: 3, initialMs: 1, maxMs: 1, outageMs: 0 } })
      .build(() => "");
    expect(replay(impatient, events).tries.failures).toBe(3);
  });

  it("knows since when it waits and what its failures took, whichever process goes on", () => {
    const started = (attempt: number) => ({ kind: "STEP_STARTED" as const, step: 1, node: "work", attempt });
    const events = aHistory(
      ...[started(1), retried("TIMEOUT"), started(2), retried("UNAVAILABLE"), started(3), retried("UNAVAILABLE")],
    );
    expect(replay(loop, events)).toMatchObject({
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
    const after = (count: number) => replay(loop, aHistory(...events.slice(0, count)));
    expect(after(1)).toMatchObject({ attempts: 1, parked: undefined, woken: undefined, heard: [] });
    const until = new Date("2026-01-01T08:00:00Z");
    expect(after(2)).toMatchObject({ attempts: 1, parked: { ...parked, until }, woken: undefined });
    const woken = { by: "SIGNAL", name: "paid", payload: 7, sentBy: "user:ada" };
    expect(after(3)).toMatchObject({ attempts: 1, parked: undefined, woken, heard: [3] });
    expect(after(4)).toMatchObject({ attempts: 2, parked: undefined, woken, wakes: 1, heard: [3] });
    expect(replay(loop, aHistory(...events, step("STEP_SUCCEEDED", 2)))).toMatchObject({
      ...{ attempts: 0, parked: undefined, woken: undefined, wakes: 0, stepNumber: 2, heard: [3] },
    });
    // A pure step has no start of its own, and one that only waited has heard nothing.
    const pureStep = [step("STEP_PARKED", 1, { until: null }), step("STEP_WOKEN")];
    expect(replay(loop, aHistory({ ...retried("TIMEOUT"), attempt: 2 })).attempts).toBe(2);
    expect(replay(loop, aHistory(...pureStep))).toMatchObject({ attempts: 1, woken: { by: "TIME" }, heard: [] });
  });
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
