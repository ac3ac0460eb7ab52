import { derivedId } from "@soma/shared/ids";
import { describe, expect, it } from "vitest";
import type { HistoryEvent } from "../domain/history.ts";
import { aHistory } from "./events.ts";
import { type Delivered, type Effect, type Evidence, faultsOfEvidence } from "./evidence.ts";

const history = aHistory(
  { kind: "RUN_STARTED" },
  { kind: "STEP_STARTED", step: 1 },
  { kind: "STEP_SUCCEEDED", step: 1 },
  { kind: "RUN_SUCCEEDED" },
);
const effect: Effect = { class: "at_most_once", runId: "r", step: 1, attempt: 1, key: "k", durable: 2, isOwner: true };
const evidence: Evidence = {
  history,
  acknowledged: history,
  read: history,
  owners: [{ epoch: 1, worker: "w" }],
  delivered: undefined,
  takings: [{ epoch: 1, entries: 1 }],
  epochs: [0, 1, 1, 1],
  canceledAt: undefined,
  effects: [effect],
};
const toDelivered = ({ runId, seq, kind, at }: HistoryEvent): Delivered => ({
  eventId: derivedId("Other", runId, seq),
  type: kind.startsWith("STEP_") ? "agent.steps.v1" : "agent.runs.v1",
  at: at.toISOString(),
});
const faults = (changed: Partial<Evidence>): string[] => faultsOfEvidence({ ...evidence, ...changed });

describe("faultsOfEvidence()", () => {
  it("finds nothing in a sound run", () => {
    expect(faults({})).toEqual([]);
    expect(faults({ effects: [{ ...effect, class: "db" }] })).toEqual([]);
    expect(faults({ effects: [effect, effect].map((each) => ({ ...each, class: "pure" })) })).toEqual([]);
  });

  it("finds an entry that was acknowledged and is another one, or none", () => {
    const acknowledged = [
      { seq: 2, hash: "other" },
      { seq: 5, hash: "" },
    ];
    expect(faults({ acknowledged })).toEqual([
      "entry 2 was acknowledged and is not there",
      "entry 5 was acknowledged and is not there",
    ]);
  });

  it("finds an entry that is not what was read under its number", () => {
    const read = history.map((event) => (event.seq === 3 ? { ...event, payload: { patch: 1 } } : event));
    expect(faults({ read })).toEqual(["entry 3 is not what was read of it before"]);
    expect(
      faults({ read: aHistory(...Array.from({ length: 5 }, () => ({ kind: "RUN_STARTED" as const }))) }),
    ).toContain("entry 5 is not what was read of it before");
  });

  it("finds two who had the run under one epoch", () => {
    const owners = [...evidence.owners, { epoch: 2, worker: "w" }, { epoch: 2, worker: "v" }];
    expect(faults({ owners })).toEqual(["epoch 2 was that of w and v"]);
  });

  it("finds an entry of who had lost the run", () => {
    const takings = [...evidence.takings, { epoch: 2, entries: 2 }];
    expect(faults({ takings, epochs: [0, 1, 1, 2] })).toEqual([
      "entry 3 was written under epoch 1, after epoch 2 had begun",
    ]);
  });

  const told = history.filter(({ kind }) => kind !== "STEP_STARTED").map(toDelivered);
  const [first, second, third] = told;

  it("finds nothing where the bus told everything in its order, some of it twice", () => {
    expect(faults({ delivered: told })).toEqual([]);
    expect(faults({ delivered: [...told.slice(0, 2), ...told] })).toEqual([]);
  });

  it("finds what the bus left out, told too early, or told of nothing", () => {
    expect(faults({ delivered: told.slice(1) })).toEqual(["the bus did not tell of entry 1"]);
    expect(faults({ delivered: [first, third, second].flatMap((each) => each ?? []) })).toEqual([
      "the bus told of entry 3 after entry 4",
    ]);
    const strange = { eventId: "x", type: "agent.runs.v1", at: "2026-01-01T00:00:09.000Z" };
    expect(faults({ delivered: [...told, strange] })).toEqual([
      "the bus told of agent.runs.v1 at 2026-01-01T00:00:09.000Z, and no entry says so",
    ]);
    const other = told.map((each, at) => (at === 1 ? { ...each, type: "agent.runs.v1" } : each));
    expect(faults({ delivered: other })).toEqual([
      `the bus told of agent.runs.v1 at ${second?.at}, and no entry says so`,
    ]);
  });

  it("finds a signal that woke two steps", () => {
    const payload = { signal: { no: 1, name: "go", payload: null, sentBy: "bob" } };
    const woken = [1, 2].map((step) => ({ kind: "STEP_WOKEN" as const, step, payload }));
    const ends = [1, 2].map((step) => ({ kind: "STEP_SUCCEEDED" as const, step }));
    const twice = aHistory({ kind: "RUN_STARTED" }, ...woken, ...ends, { kind: "RUN_SUCCEEDED" });
    expect(faults({ history: twice, acknowledged: [], read: [], effects: [] })).toEqual([
      "signal 1 woke a second step in entry 3",
    ]);
  });

  it("finds an effect that began too early, too late, or in spite of a cancel request", () => {
    const what = "the effect of step 1, attempt 1,";
    expect(faults({ effects: [{ ...effect, durable: 1 }] })).toEqual([`${what} began before its start was durable`]);
    expect(faults({ effects: [{ ...effect, durable: 3 }] })).toEqual([`${what} began after the step had ended`]);
    expect(faults({ canceledAt: 1 })).toEqual([`${what} began in entry 2, and the run had been canceled after 1`]);
    expect(faults({ canceledAt: 2 })).toEqual([]);
  });

  it("finds an effect that was done more often than its class allows", () => {
    const twice = (kind: Effect["class"], key = "k") =>
      [effect, { ...effect, key }].map((each) => ({ ...each, class: kind }));
    const times = (kind: string) => `the effect of step 1, of class ${kind}, was done 2 times`;
    const tooOften = (kind: string) => `${times(kind)} in 1 attempts`;
    expect(faults({ effects: twice("at_most_once") })).toEqual([times("at_most_once"), tooOften("at_most_once")]);
    expect(faults({ effects: twice("idempotent", "other") })).toEqual([
      tooOften("idempotent"),
      `${times("idempotent")} under the keys k, other`,
    ]);
    expect(faults({ effects: twice("db") })).toEqual([`${times("db")}, and the step ended well`, tooOften("db")]);
  });
});
