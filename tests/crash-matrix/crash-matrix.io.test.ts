import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Matrix, startMatrix } from "./matrix.ts";
import { POINTS } from "./points.ts";
import type { Phase } from "./striking-proxy.ts";
import type { Way } from "./ways.ts";

const LIMIT_MS = 60_000;

/**
 * Ways at points that differ, and last the one after which a process has to be started; all with each other: run.ts.
 */
const CELLS: readonly [phase: Phase, point: string, way: Way][] = [
  ["after", "commit of STEP_STARTED of once", "SIGSTOP"],
  ["before", "commit of RUN_SUCCEEDED", "PG_STOP"],
  ["after", "commit of a step in the database", "CUT"],
  ["after", "commit of STEP_PARKED", "TERMINATE"],
  ["after", "effect of class at_most_once", "SIGKILL"],
];

describe("a run whose worker, server or connection is struck at a point", () => {
  let matrix: Matrix;
  beforeAll(async () => {
    matrix = await startMatrix();
  }, LIMIT_MS);
  afterAll(() => matrix.close(), LIMIT_MS);

  it.each(CELLS)(
    "ends as if nothing had been, and repeats what it may: %s %s, %s",
    { timeout: LIMIT_MS },
    async (phase, name, way) => {
      const point = POINTS.find((each) => each.name === name);
      if (point === undefined) throw new Error(`there is no point "${name}"`);
      const { isStruck, repeated, faults } = await matrix.run({ point, phase, way });
      expect(faults).toEqual([]);
      expect(isStruck).toBe(true);
      expect(repeated.at_most_once).toBe(0);
    },
  );
});
