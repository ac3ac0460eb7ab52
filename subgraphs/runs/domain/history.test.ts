import { ERASED_PAYLOAD } from "@soma/schemas/erased-payload";
import { CHAIN_START, ChainError, type ChainHead, verifyNext } from "@soma/schemas/run-chain";
import { EVENT_KIND, type EventKind, toEventKind } from "@soma/schemas/run-history";
import { describe, expect, it } from "vitest";
import { aHistory, RUN_FACTS, RUN_ID } from "../testing/events.ts";
import { toChained } from "./chain.ts";
import { type HistoryEvent, isRunEnd, parseStepId, stepIdOf } from "./history.ts";
import { toPublishedEvent } from "./published-events.ts";
import { runEvent } from "./run-event.ts";
import { codesOf, isFinished, RUN_STATUS, toRunStatus } from "./run-status.ts";
import { toSteps } from "./steps.ts";

async function verify(events: readonly HistoryEvent[]): Promise<void> {
  let head = { seq: 0, hash: "0".repeat(64) };
  for (const event of events)
    head = await verifyNext(RUN_ID, head, {
      ...toChained(event),
      payload: event.payload,
      payloadHash: event.payloadHash,
      hash: event.hash,
    });
}

describe("chain()", () => {
  const events = aHistory(
    { kind: "RUN_STARTED", payload: { b: 1, a: [null, "ü"] } },
    { kind: "STEP_STARTED", step: 1 },
    { kind: "RUN_SUCCEEDED", payload: { answer: "x" } },
  );

  it("makes a chain that any client can verify", () => verify(events));

  it("gives hashes that never change: other programs have stored them", () => {
    expect(events.map((event) => event.hash)).toMatchInlineSnapshot(`
      [
        "e66aee7d0cfa6024c02427955e602cc75ab1d02737469531484059272ac6cbb8",
        "e23ab455874be041d7c969db0dcf8c28bafd24a309918c894a554c0afe5b046e",
        "3c18136e2b8e3bc264b9f788b305da3db648c6687dc254bad3a37f8c1569a470",
      ]
    `);
  });

  it.each([
    ["a payload", (event: HistoryEvent) => ({ ...event, payload: { answer: "y" } })],
    ["a type", (event: HistoryEvent) => ({ ...event, kind: "RUN_FAILED" as const })],
    ["a time", (event: HistoryEvent) => ({ ...event, at: new Date(0) })],
    ["a number", (event: HistoryEvent) => ({ ...event, seq: 9 })],
  ])("tells when %s was changed", async (_what, change) => {
    await expect(verify(events.map((event, index) => (index === 2 ? change(event) : event)))).rejects.toBeInstanceOf(
      ChainError,
    );
  });

  it("tells when an event is missing, repeated or of another run", async () => {
    const [first, second, third] = events as [HistoryEvent, HistoryEvent, HistoryEvent];
    for (const broken of [[first, third], [first, first, second], [second]])
      await expect(verify(broken)).rejects.toBeInstanceOf(ChainError);
  });
});

describe("the chain of a fork", () => {
  const parent = aHistory({ kind: "RUN_STARTED" }, { kind: "STEP_SUCCEEDED", step: 1 }, { kind: "RUN_SUCCEEDED" });
  const [first, second, third] = parent as [HistoryEvent, HistoryEvent, HistoryEvent];
  const forkId = "01890000-0000-7000-8000-00000000000f";
  const forkOf = (from: HistoryEvent, told: object = {}) => {
    const payload = { fromRunId: from.runId, fromSeq: from.seq, fromHash: from.hash, ...told };
    return runEvent(from, { runId: forkId, at: new Date(0), kind: "RUN_FORKED", payload });
  };
  const verifyFork = async (events: readonly HistoryEvent[]): Promise<void> => {
    let head: ChainHead = { seq: 0, hash: CHAIN_START };
    for (const event of events) head = await verifyNext(forkId, head, { ...event, ...toChained(event) });
  };
  const ended = (prev: HistoryEvent) =>
    runEvent(prev, { runId: forkId, at: new Date(0), kind: "RUN_SUCCEEDED", payload: {} });

  it("goes on from the event it was forked from, whoever wrote that", async () => {
    const forked = forkOf(second);
    await verifyFork([first, second, forked, ended(forked)]);
    const erased = { ...forked, payload: ERASED_PAYLOAD };
    await verifyFork([first, second, erased, ended(forked)]);
    await expect(verifyFork([first, erased])).rejects.toBeInstanceOf(ChainError);
  });

  it("is broken by an event of another run, and by a fork from another event than the one before", async () => {
    const forked = forkOf(second);
    for (const broken of [
      [first, second, third, ended(third)],
      [first, second, forkOf(second, { fromSeq: 1 })],
      [first, second, forkOf(second, { fromHash: first.hash })],
      [first, second, forkOf(second, { fromRunId: forkId })],
      [first, second, forked, runEvent(forked, { runId: RUN_ID, at: new Date(0), kind: "RUN_SUCCEEDED", payload: {} })],
    ])
      await expect(verifyFork(broken)).rejects.toBeInstanceOf(ChainError);
  });
});

describe("toSteps()", () => {
  it("folds events into steps, whatever the attempts", () => {
    const steps = toSteps(
      aHistory(
        { kind: "RUN_STARTED" },
        { kind: "STEP_STARTED", step: 1, payload: { summary: "trying" } },
        { kind: "STEP_RETRIED", step: 1 },
        { kind: "STEP_STARTED", step: 1, attempt: 2 },
        { kind: "STEP_SUCCEEDED", step: 1, attempt: 2, payload: { summary: "done", output: { a: 1 }, latencyMs: 7 } },
        {
          kind: "STEP_FAILED",
          step: 2,
          payload: { summary: "no", error: { code: "FORBIDDEN", message: "not allowed" } },
        },
        { kind: "STEP_STARTED", step: 3, payload: { summary: "still at it" } },
      ),
    );
    expect(steps).toMatchObject([
      {
        id: `${RUN_ID}.1`,
        number: 1,
        status: "SUCCEEDED",
        attempt: 2,
        summary: "done",
        output: { a: 1 },
        latencyMs: 7,
        error: null,
      },
      { number: 2, status: "FAILED", error: { code: "FORBIDDEN", message: "not allowed" } },
      { number: 3, status: "RUNNING", summary: "still at it", finishedAt: null, latencyMs: null },
    ]);
  });
});

describe("a step whose rows say little, as an older version may have written them", () => {
  const bare = { step: 1, node: null, nodeType: null } as const;

  it("is folded and published all the same", () => {
    const events = aHistory(
      { kind: "STEP_STARTED", ...bare, payload: { summary: "trying" } },
      { kind: "STEP_SUCCEEDED", ...bare },
    );
    expect(toSteps(events)).toMatchObject([
      { nodeId: "", nodeType: "", status: "SUCCEEDED", summary: "trying", latencyMs: 1_000 },
    ]);
    const [, end] = events;
    const published = end === undefined ? undefined : toPublishedEvent(RUN_FACTS, end);
    expect(published?.data).toMatchObject({ node_id: "", node_type: "", inputs_summary: "", latency_ms: 0 });
  });

  it("keeps the summary it had when a start says none", () => {
    const events = aHistory(
      { kind: "STEP_STARTED", step: 1, payload: { summary: "first" } },
      { kind: "STEP_STARTED", step: 1, attempt: 2 },
    );
    expect(toSteps(events)).toMatchObject([{ summary: "first", attempt: 2 }]);
  });

  it("shows a step without effects that waits, and what it waits for", () => {
    const events = aHistory({ kind: "STEP_PARKED", step: 1, payload: { summary: "waits until eight" } });
    expect(toSteps(events)).toMatchObject([{ status: "RUNNING", summary: "waits until eight" }]);
  });
});

describe("identities and statuses", () => {
  it("stepIdOf() and parseStepId() are each other's way back", () => {
    expect(parseStepId(stepIdOf(RUN_ID, 12))).toEqual({ runId: RUN_ID, step: 12 });
    for (const bad of ["", RUN_ID, `${RUN_ID}.0`, `${RUN_ID}.x`, `${RUN_ID}.1.2`, "nope.1"])
      expect(parseStepId(bad)).toBeUndefined();
  });

  it("isRunEnd() knows the three kinds after which nothing follows", () => {
    const ends = Object.keys(EVENT_KIND).filter((kind) => isRunEnd({ kind: kind as EventKind }));
    expect(ends.sort()).toEqual(["RUN_CANCELED", "RUN_FAILED", "RUN_SUCCEEDED"]);
  });

  it("codes stand for one name each, and what is unknown is refused", () => {
    for (const [name, { code, graphql }] of Object.entries(RUN_STATUS)) {
      expect(toRunStatus(code)).toBe(name);
      expect(codesOf(graphql)).toContain(code);
      expect(isFinished(code)).toBe(["SUCCEEDED", "FAILED", "CANCELED"].includes(name));
    }
    for (const [name, code] of Object.entries(EVENT_KIND)) expect(toEventKind(code)).toBe(name);
    expect(() => toRunStatus(99)).toThrow(/99/);
    expect(() => toEventKind(99)).toThrow(/99/);
  });
});
