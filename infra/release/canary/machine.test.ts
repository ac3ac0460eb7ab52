import { describe, expect, it } from "vitest";
import { BLUE_GREEN_STEPS, CANARY_INPUTS, CANARY_STEPS, type CanaryState, followInput, weightOf } from "./machine.ts";

const READY: CanaryState = { status: "ready" };
const PROMOTED: CanaryState = { status: "promoted" };
const measuring = (step: number): CanaryState => ({ status: "measuring", step });
const BACK = ["breached", "missing", "move_failed", "stopped"] as const;
const back = (reason: (typeof BACK)[number]): CanaryState => ({ status: "rolled_back", reason });
const ALL_BACK = BACK.map(back);

/** A row a state: what follows each input, in the order of CANARY_INPUTS. */
const TABLE: readonly [CanaryState, readonly CanaryState[]][] = [
  [READY, [measuring(0), READY, ...ALL_BACK]],
  [measuring(0), [measuring(0), measuring(1), ...ALL_BACK]],
  [measuring(1), [measuring(1), measuring(2), ...ALL_BACK]],
  [measuring(2), [measuring(2), measuring(3), ...ALL_BACK]],
  [measuring(3), [measuring(3), PROMOTED, ...ALL_BACK]],
  [PROMOTED, CANARY_INPUTS.map(() => PROMOTED)],
  ...ALL_BACK.map((state): [CanaryState, CanaryState[]] => [state, CANARY_INPUTS.map(() => state)]),
];

describe("followInput()", () => {
  it.each(TABLE)("knows what follows %j for every input", (state, expected) => {
    expect(CANARY_INPUTS.map((input) => followInput(CANARY_STEPS, state, input))).toEqual(expected);
  });

  it("gives a good release 5, 25, 50 and 100 percent, and then all", () => {
    expect(weights(CANARY_STEPS, 5)).toEqual([0, 5, 25, 50, 100, 100]);
  });

  it("goes from nothing to everything where there are two colours", () => {
    expect(weights(BLUE_GREEN_STEPS, 2)).toEqual([0, 100, 100]);
  });

  it.each([[[]], [[5, 50]], [[50, 25, 100]], [[0, 100]], [[5.5, 100]]])("refuses the steps %j", (steps) => {
    expect(() => followInput(steps, READY, "started")).toThrow("whole percentages that grow to 100");
  });
});

describe("weightOf()", () => {
  it.each(ALL_BACK)("leaves the new release nothing in %j", (state) => {
    expect(weightOf(CANARY_STEPS, state)).toBe(0);
  });

  it("refuses a step that is not there", () => {
    expect(() => weightOf(CANARY_STEPS, measuring(4))).toThrow("there is no step 4 among 5, 25, 50, 100");
  });
});

function weights(steps: readonly number[], inputs: number): number[] {
  const states = [READY];
  for (let at = 0; at < inputs; at++)
    states.push(followInput(steps, states.at(-1) ?? READY, at === 0 ? "started" : "passed"));
  return states.map((state) => weightOf(steps, state));
}
