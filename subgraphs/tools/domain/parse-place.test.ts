import { SomaError } from "@soma/shared/errors";
import { describe, expect, it } from "vitest";
import { parsePlace } from "./parse-place.ts";

const run = "01920000-0000-7000-8000-000000000001";
const other = "01920000-0000-7000-8000-000000000002";

describe("parsePlace()", () => {
  it("takes no place, a run, and a step of the run", () => {
    expect(parsePlace(null, null)).toEqual({ runId: null, stepId: null });
    expect(parsePlace(run, null)).toEqual({ runId: run, stepId: null });
    expect(parsePlace(run, `${run}.12`)).toEqual({ runId: run, stepId: `${run}.12` });
  });

  it("refuses what is no run, and steps that are not the run's", () => {
    const faults: [string | null, string | null][] = [
      ["x", null],
      [null, `${run}.1`],
      [run, `${other}.1`],
      [run, `${run}.0`],
      [run, `${run}.1x`],
      [run, `${run}.${"1".repeat(60)}`],
      [run, run],
    ];
    for (const [runId, stepId] of faults)
      expect(() => parsePlace(runId, stepId), `${runId} ${stepId}`).toThrow(SomaError);
  });
});
