import type { NodeResult, NodeSpec, StepContext, Wake } from "./node.ts";
import { signalNameFault } from "./signal-name.ts";

/**
 * A node that waits until a time: nobody holds its run meanwhile, and it outlasts every process. A time that has passed is
 * no wait, and one after the run's deadline does not come.
 *
 *   .node("half_an_hour", wait((_state, { now }) => new Date(now().getTime() + 30 * 60_000)))
 */
export function wait<S>(until: (state: S, context: StepContext) => Date): NodeSpec<S> {
  return {
    type: "wait",
    pure: true,
    summary: () => "Waiting",
    run(state, context) {
      if (context.woken !== undefined) return { summary: "the time has come" };
      const parkedUntil = checkDate(until(state, context));
      if (parkedUntil <= context.now()) return { summary: "the time had come already" };
      return { parkedUntil, summary: `waits until ${parkedUntil.toISOString()}` };
    },
  };
}

/** Who waits for a signal, and what the run makes of it. */
export interface WaitForSignalOptions<S> {
  /** Left out, the run's own deadline is the only limit. */
  until?: (state: S, context: StepContext) => Date;
  /** What the signal changes; what it brings is not checked by anyone before. */
  heard(signal: Extract<Wake, { by: "SIGNAL" }>, state: S): NodeResult<S>;
  /** What the step comes to when `until` has passed. */
  late?(state: S): NodeResult<S>;
}

/**
 * A node that waits for a signal of this name, sent by the mutation `signalRun`. One that came before is waited for no more.
 *
 *   .node("paid", waitForSignal("payment", { heard: ({ payload }) => ({ summary: "paid", patch: { payment: payload } }) }))
 */
export function waitForSignal<S>(name: string, options: WaitForSignalOptions<S>): NodeSpec<S> {
  const fault = signalNameFault(name);
  if (fault !== undefined) throw new TypeError(fault);
  const { until, heard, late = () => ({ summary: `no signal ${name} came in time` }) } = options;
  return {
    type: "wait",
    pure: true,
    summary: () => `Waiting for the signal ${name}`,
    run(state, context) {
      if (context.woken?.by === "SIGNAL") return heard(context.woken, state);
      if (context.woken !== undefined) return late(state);
      const summary = `waits for the signal ${name}`;
      if (until === undefined) return { parkedForSignal: name, summary };
      return { parkedForSignal: name, parkedUntil: checkDate(until(state, context)), summary };
    },
  };
}

/** A date that is one; for nodes that wait. */
export function checkDate(date: Date): Date {
  if (Number.isNaN(date.getTime())) throw new TypeError("the time to wait for is an invalid date");
  return date;
}
