import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { aHistory } from "../testing/events.ts";
import { checkCheckpoint } from "./checkpoints.ts";
import type { HistoryEvent } from "./history.ts";
import { effectiveEvents, effectsSince, heardSignals, nextStepAfter, sinceBegun } from "./rollback.ts";
import { toSteps } from "./steps.ts";

/** A history of as many events, in which each event named is a rollback to the other. */
function rolledBack(count: number, rollbacks: Readonly<Record<number, number>>): HistoryEvent[] {
  return aHistory(
    ...Array.from({ length: count }, (_, at) => {
      const toSeq = rollbacks[at + 1];
      return toSeq === undefined
        ? ({ kind: "STEP_SUCCEEDED", step: at + 1 } as const)
        : ({ kind: "RUN_ROLLED_BACK", payload: { toSeq, nextStep: at + 2 } } as const);
    }),
  );
}
const seqs = (events: readonly HistoryEvent[]): number[] => events.map(({ seq }) => seq);

describe("effectiveEvents()", () => {
  it.each<[string, Record<number, number>, number[]]>([
    ["without a rollback", {}, [1, 2, 3, 4, 5, 6, 7, 8]],
    ["with one", { 5: 2 }, [1, 2, 5, 6, 7, 8]],
    ["with one after another", { 4: 2, 7: 5 }, [1, 2, 4, 5, 7, 8]],
    ["with one that reaches behind another", { 4: 2, 7: 1 }, [1, 7, 8]],
    ["with one into what another took back", { 5: 2, 7: 4 }, [1, 2, 3, 4, 7, 8]],
    ["with two to the same event", { 4: 2, 6: 2 }, [1, 2, 6, 7, 8]],
    ["with one to another one", { 4: 2, 7: 4 }, [1, 2, 4, 7, 8]],
  ])("keeps what counts %s", (_name, rollbacks, kept) => {
    expect(seqs(effectiveEvents(rolledBack(8, rollbacks)))).toEqual(kept);
  });

  /** What the words say: after a rollback, whatever counted at the event it names, and itself. */
  function bySaying(events: readonly HistoryEvent[]): number[] {
    const counted: number[][] = [[]];
    for (const { seq, kind, payload } of events) {
      const before = counted[kind === "RUN_ROLLED_BACK" ? Number(payload.toSeq) : seq - 1] ?? [];
      counted.push([...before, seq]);
    }
    return counted.at(-1) ?? [];
  }

  /** Lengths, and rollbacks as pairs of any two numbers: the later of them goes back to the earlier. */
  const histories = fc.tuple(fc.integer({ min: 1, max: 30 }), fc.array(fc.tuple(fc.nat(), fc.nat()), { maxLength: 8 }));

  it("keeps what counted at the event that a rollback names, and all since, of any history", () => {
    fc.assert(
      fc.property(histories, ([count, pairs]) => {
        const within = pairs.map((pair) => pair.map((n) => 1 + (n % count)).sort((a, b) => b - a));
        const rollbacks = Object.fromEntries(within.filter(([seq, toSeq]) => seq !== toSeq));
        const events = rolledBack(count, rollbacks);
        const kept = effectiveEvents(events);
        expect(seqs(kept)).toEqual(bySaying(events));
        expect(kept.at(-1)).toBe(events.at(-1));
        expect(effectiveEvents(kept)).toEqual(kept);
      }),
      { numRuns: 500 },
    );
  });
});

const events = aHistory(
  { kind: "RUN_STARTED" },
  { kind: "STEP_STARTED", step: 1 },
  { kind: "STEP_SUCCEEDED", step: 1 },
  { kind: "STEP_SUCCEEDED", step: 2 },
  { kind: "STEP_STARTED", step: 3 },
  { kind: "STEP_WOKEN", step: 3, payload: { signal: { no: 4, name: "go", payload: null, sentBy: "user:ada" } } },
  { kind: "STEP_WOKEN", step: 3 },
  { kind: "RUN_FORKED" },
  { kind: "STEP_FAILED", step: 3 },
);

describe("what a history tells for a fork or a rollback", () => {
  it("effectsSince() names steps that reached outside after a point: not pure ones, and those that were not over there", () => {
    const numbers = (toSeq: number) => effectsSince(events, toSeq).map(({ number }) => number);
    expect([1, 2, 3, 5, 9].map(numbers)).toEqual([[1, 3], [1, 3], [3], [3], []]);
  });

  it("checkCheckpoint() takes the start and the ends of steps, and names the nearest of anything else", () => {
    for (const seq of [1, 3, 4, 8]) expect(() => checkCheckpoint("r", events, seq)).not.toThrow();
    expect(() => checkCheckpoint("r", events, 2)).toThrow(
      "run r is within a step at event 2; it can go on from its start and from the end of a step: nearest are 1 and 3",
    );
    expect(() => checkCheckpoint("r", events, 10)).toThrow("run r has no event 10; its newest is 9; it can go on");
    expect(() => checkCheckpoint("r", [], 1)).toThrow(/has no event 1; its newest is 0/);
  });

  it("checkCheckpoint() takes nothing after an approval, which holds once, and anything after a refusal", () => {
    const decided = (approved: boolean, rest: object[] = []) =>
      aHistory(
        { kind: "RUN_STARTED" },
        { kind: "STEP_SUCCEEDED", step: 1 },
        ...(rest as []),
        { kind: "APPROVAL_DECIDED", step: 2, payload: { approved } },
        { kind: "STEP_SUCCEEDED", step: 2 },
      );
    const asked = { kind: "APPROVAL_ASKED", step: 2 };
    expect(() => checkCheckpoint("r", decided(true, [asked]), 5)).toThrow(
      "run r was approved something at event 4, which is before event 5 and holds once; go on from event 2 at the latest",
    );
    expect(() => checkCheckpoint("r", decided(true), 4)).toThrow(/go on from event 2 at the latest/);
    expect(() => checkCheckpoint("r", decided(true, [asked]).slice(2), 5)).toThrow(/go on from event 1 at the latest/);
    for (const seq of [1, 2]) expect(() => checkCheckpoint("r", decided(true, [asked]), seq)).not.toThrow();
    expect(() => checkCheckpoint("r", decided(false, [asked]), 5)).not.toThrow();
  });

  it("numbers, signals and limits go on from where they stand", () => {
    expect(nextStepAfter(events)).toBe(4);
    expect(heardSignals(events)).toEqual([4]);
    expect(seqs(sinceBegun(events))).toEqual([9]);
    expect(sinceBegun(events.slice(0, 3))).toHaveLength(3);
  });

  it("toSteps() tells a step that was taken back, and of one that a fork went on with the fork's own", () => {
    const [first, second] = toSteps(rolledBack(5, { 4: 1 }));
    expect([first?.abandoned, second?.abandoned]).toEqual([false, true]);
  });
});
