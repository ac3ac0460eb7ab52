/** The share of traffic that the new release has at each step, in percent. The last is always 100. */
export const CANARY_STEPS = [5, 25, 50, 100] as const;
/** The same machine with one step: the old colour is kept until what was measured of the new one has passed. */
export const BLUE_GREEN_STEPS = [100] as const;

export type CanaryState =
  | { status: "ready" }
  | { status: "measuring"; step: number }
  | { status: "promoted" }
  | { status: "rolled_back"; reason: RollbackReason };

type RollbackReason = Exclude<CanaryInput, "started" | "passed">;

/** What somebody saw. Who measures says when a step has been watched long enough; here is no clock. */
export const CANARY_INPUTS = ["started", "passed", "breached", "missing", "move_failed", "stopped"] as const;
export type CanaryInput = (typeof CANARY_INPUTS)[number];

/**
 * What follows an input. A measurement that is missing is a breach: a release that is silent is not known to be good.
 * What has ended stays as it ended, so an input that comes late moves no traffic.
 */
export function followInput(steps: readonly number[], state: CanaryState, input: CanaryInput): CanaryState {
  checkSteps(steps);
  if (state.status === "promoted" || state.status === "rolled_back") return state;
  if (input === "started" || input === "passed") return goOn(steps, state, input);
  return { status: "rolled_back", reason: input };
}

/** The percentage of traffic that the new release has in a state; the stable one has the rest. */
export function weightOf(steps: readonly number[], state: CanaryState): number {
  if (state.status === "promoted") return 100;
  if (state.status !== "measuring") return 0;
  const weight = steps[state.step];
  if (weight === undefined) throw new Error(`there is no step ${state.step} among ${steps.join(", ")}`);
  return weight;
}

function goOn(
  steps: readonly number[],
  state: Extract<CanaryState, { status: "ready" | "measuring" }>,
  input: "started" | "passed",
): CanaryState {
  // Each is known in one status alone: a second start would begin a step anew, and nothing passes that has no traffic.
  if ((state.status === "ready") !== (input === "started")) return state;
  const step = state.status === "ready" ? 0 : state.step + 1;
  return step < steps.length ? { status: "measuring", step } : { status: "promoted" };
}

/** Throws where a release could not be given traffic by them. */
export function checkSteps(steps: readonly number[]): void {
  const grow = steps.every((weight, at) => Number.isInteger(weight) && weight > (steps[at - 1] ?? 0));
  if (!grow || steps.at(-1) !== 100)
    throw new Error(`steps of a canary are whole percentages that grow to 100, not ${steps.join(", ") || "none"}`);
}
