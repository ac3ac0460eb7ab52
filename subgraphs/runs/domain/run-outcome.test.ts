import { describe, expect, it } from "vitest";
import { codesOfOutcomes, outcomeOf, RUN_OUTCOME, type RunOutcomeKind } from "./run-outcome.ts";
import { RUN_STATUS } from "./run-status.ts";

const CALLS = [
  { failed: 0, denied: 0, cut: 0 },
  { failed: 0, denied: 1, cut: 0 },
  { failed: 1, denied: 1, cut: 0 },
  { failed: 1, denied: 1, cut: 1 },
];

describe("codesOfOutcomes()", () => {
  it("has the statuses in which outcomeOf() tells one of them, and no others", () => {
    const codes = Object.values(RUN_STATUS).map(({ code }) => code);
    for (const kind of Object.keys(RUN_OUTCOME) as RunOutcomeKind[])
      expect(codesOfOutcomes([kind, kind])).toEqual(
        codes.filter((code) => CALLS.some((calls) => outcomeOf(code, calls) === kind)),
      );
    expect(codesOfOutcomes(["OK", "FAILED", "INCOMPLETE"])).toEqual([10, 11]);
    expect(codesOfOutcomes([])).toEqual([]);
  });
});
