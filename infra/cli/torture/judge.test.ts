import { describe, expect, it } from "vitest";
import { CLASSES, type EffectClass } from "./classes.ts";
import { type Booked, type Ended, judge } from "./judge.ts";

type Five<T> = [T, T, T, T, T];
const [pure, idempotent, found, asked, booked] = CLASSES as unknown as Five<EffectClass>;
const WELL: Ended = {
  status: "SUCCEEDED",
  answer: "paid",
  error: null,
  recoveries: 0,
  faults: [],
  wasAsked: false,
  wasFound: false,
};
const ONCE: Booked = { payments: 1, calls: 1 };

/** What one run is judged as: of a class, by its end and its bookings, acknowledged unless said otherwise. */
function judged(effect: EffectClass, end: Partial<Ended> | undefined, booked: Booked | undefined, told = true) {
  const { rows, findings } = judge([{ order: "S-1", effect, fault: "none" }], {
    acknowledged: new Map(told ? [["S-1", "run-1"]] : []),
    ended: new Map(end === undefined ? [] : [["run-1", { ...WELL, ...end }]]),
    ledger: new Map(booked === undefined ? [] : [["S-1", booked]]),
  });
  return { row: rows.find((row) => row.effect === effect.name), findings };
}

describe("judge()", () => {
  it("finds nothing against a run that did what it says, once", () => {
    for (const effect of [idempotent, found, asked, booked]) expect(judged(effect, {}, ONCE).findings).toEqual([]);
    expect(judged(pure, {}, { payments: 0, calls: 3 })).toMatchObject({ findings: [], row: { runs: 1, calls: 3 } });
  });

  const wrong: [what: string, invariant: string, ...case_: Parameters<typeof judged>][] = [
    ["a run that is not there", "LOST", found, undefined, ONCE],
    ["a run that failed", "LOST", found, { status: "FAILED", error: "no answer" }, ONCE],
    ["a run that says it paid, and did not", "LOST", asked, {}, undefined],
    ["what was paid twice", "REPEATED", idempotent, {}, { payments: 2, calls: 2 }],
    [
      "what was paid twice by a run nobody heard of",
      "REPEATED",
      idempotent,
      undefined,
      { payments: 2, calls: 2 },
      false,
    ],
    ["what changed something although it is pure", "REPEATED", pure, {}, ONCE],
    ["a history that is not whole", "BROKEN", found, { faults: ["the run ended 2 times"] }, ONCE],
  ];
  it.each(wrong)("tells of %s", (_what, invariant, effect, end, booked, told) => {
    const { findings, row } = judged(effect, end, booked, told);
    expect(findings).toEqual([expect.objectContaining({ invariant, order: "S-1" })]);
    expect([row?.lost, row?.repeated]).toEqual([invariant === "LOST" ? 1 : 0, invariant === "REPEATED" ? 1 : 0]);
  });

  it("holds nothing against a run that was never acknowledged and did nothing", () => {
    expect(judged(found, undefined, undefined, false)).toMatchObject({ findings: [], row: { runs: 0 } });
  });

  it("counts what was asked about, found out and recovered", () => {
    expect(judged(asked, { wasAsked: true }, ONCE).row).toMatchObject({ unknown: 1, reconciled: 0, recovered: 0 });
    expect(judged(found, { wasFound: true, recoveries: 2 }, ONCE).row).toMatchObject({ reconciled: 1, recovered: 1 });
  });
});
