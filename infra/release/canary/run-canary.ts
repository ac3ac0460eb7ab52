import { backoffMs } from "@soma/shared/backoff";
import { reasonOf } from "@soma/shared/config";
import type { Clock } from "./clock.ts";
import { type CanaryInput, type CanaryState, followInput, weightOf } from "./machine.ts";
import type { Judged, Measurement } from "./measure.ts";
import type { Traffic } from "./traffic.ts";

interface RunCanaryOptions {
  steps: readonly number[];
  pace: { stepMs: number; checkMs: number; patienceMs: number };
  traffic: Traffic;
  measure(signal: AbortSignal): Promise<Measurement>;
  clock: Clock;
  /** Somebody wants it to end. */
  signal: AbortSignal;
  say(line: string): void;
  /** Writes down how far it has come. */
  keep(report: CanaryReport): Promise<void>;
}

interface StepReport {
  /** Of the new release, in percent. */
  weight: number;
  outcome: Exclude<CanaryInput, "started">;
  startedAt: string;
  endedAt: string;
  /** How often it was measured, and what was found last. */
  checks: number;
  judged: readonly Judged[];
  detail: string;
}

export interface CanaryReport {
  status: CanaryState["status"];
  /** Why all traffic went back. */
  reason?: CanaryInput;
  steps: StepReport[];
}

const GO_BACK = { initialMs: 500, maxMs: 10_000, minMs: 200 };

/** Gives the new release more and more of the traffic while it does well, and all of it back to the stable one otherwise. */
export async function runCanary(options: RunCanaryOptions): Promise<CanaryReport> {
  const { steps, signal, keep } = options;
  let state = followInput(steps, { status: "ready" }, signal.aborted ? "stopped" : "started");
  const report: CanaryReport = { status: state.status, steps: [] };
  while (state.status === "measuring") {
    const step = await takeStep(options, weightOf(steps, state));
    report.steps.push(step);
    state = followInput(steps, state, step.outcome);
    report.status = state.status;
    if (state.status === "measuring") await keep(report);
  }
  // First the traffic, whatever becomes of the report.
  if (state.status === "rolled_back") {
    await goBack(options);
    report.reason = state.reason;
  }
  await keep(report);
  return report;
}

async function takeStep(options: RunCanaryOptions, weight: number): Promise<StepReport> {
  const { traffic, clock, signal, say } = options;
  const startedAt = new Date(clock.now()).toISOString();
  const watched = await traffic.move(weight, signal).then(
    () => watch(options),
    (error): Watched => ({ outcome: "move_failed", checks: 0, judged: [], detail: reasonOf(error) }),
  );
  const outcome = signal.aborted ? "stopped" : watched.outcome;
  say(`${weight} % to the new release: ${outcome}; ${watched.detail}`);
  return { weight, ...watched, outcome, startedAt, endedAt: new Date(clock.now()).toISOString() };
}

type Watched = Pick<StepReport, "outcome" | "checks" | "judged" | "detail">;

/** Until its time is over, it is known to be bad, or it has not been known for too long that it is good. */
async function watch({ pace, measure, clock, signal }: RunCanaryOptions): Promise<Watched> {
  const begun = clock.now();
  let knownAt = begun;
  for (let checks = 1; ; checks++) {
    await clock.wait(pace.checkMs, signal);
    const { outcome, judged } = await measure(signal);
    const detail = judged.map((each) => `${each.what}: ${each.detail}`).join("; ");
    const now = clock.now();
    if (outcome === "passed") knownAt = now;
    const isOver = signal.aborted || now - begun >= pace.stepMs || now - knownAt >= pace.patienceMs;
    if (outcome === "breached" || isOver) return { outcome, checks, judged, detail };
  }
}

/**
 * Tried until it is true, and not given up: who watches this has no other way to know where the traffic is. It has a
 * signal of its own, as being asked to end is one reason to go back.
 */
async function goBack({ traffic, clock, say }: RunCanaryOptions): Promise<void> {
  const never = new AbortController().signal;
  for (let failures = 1; ; failures++) {
    try {
      await traffic.move(0, never);
      return say("100 % to the stable release");
    } catch (error) {
      say(`the traffic is not back at the stable release yet, and it is tried again: ${reasonOf(error)}`);
    }
    await clock.wait(backoffMs(GO_BACK, failures), never);
  }
}
