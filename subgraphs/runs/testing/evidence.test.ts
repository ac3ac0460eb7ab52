import { describe, expect, it } from "vitest";
import { aHistory } from "./events.ts";
import { type Effect, type Evidence, faultsOfEvidence } from "./evidence.ts";

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
  takings: [{ epoch: 1, entries: 1 }],
  epochs: [0, 1, 1, 1],
  canceledAt: undefined,
  effects: [effect],
};
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

  it("finds an entry of who had lost the run", () => {
    const takings = [...evidence.takings, { epoch: 2, entries: 2 }];
    expect(faults({ takings, epochs: [0, 1, 1, 2] })).toEqual([
      "entry 3 was written under epoch 1, after epoch 2 had begun",
    ]);
  });

  it("finds a signal that woke two steps", () => {
    const payload = { signal: { no: 1, name: "go", payload: null, sentBy: "bob" } };
    const woken = [1, 2].map((step) => ({ kind: "STEP_WOKEN" as const, step, payload }));
    const ends = [1, 2].map((step) => ({ kind: "STEP_SUCCEEDED" as const, step }));
    const twice = aHistory({ kind: "RUN_STARTED" }, ...woken, ...ends, { kind: "RUN_SUCCEEDED" });
    expect(faults({ history: twice, acknowledged: [], effects: [] })).toEqual([
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
