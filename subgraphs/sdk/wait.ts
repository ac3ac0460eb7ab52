import type { NodeSpec, StepContext } from "./node.ts";

/**
 * A node that waits until a time, which may be far: nobody holds its run meanwhile, and it outlasts every process. A time
 * that has passed is no wait.
 *
 *   .node("next_morning", wait((_state, { now }) => new Date(now().getTime() + 12 * 3_600_000)))
 */
export function wait<S>(until: (state: S, context: StepContext) => Date): NodeSpec<S> {
  return {
    type: "wait",
    pure: true,
    summary: () => "Waiting",
    run(state, context) {
      if (context.woken !== undefined) return { summary: "the time has come" };
      const parkedUntil = until(state, context);
      if (Number.isNaN(parkedUntil.getTime())) throw new TypeError("a wait has an invalid date");
      if (parkedUntil <= context.now()) return { summary: "the time had come already" };
      return { parkedUntil, summary: `waits until ${parkedUntil.toISOString()}` };
    },
  };
}
