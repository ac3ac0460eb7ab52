import type { StepView } from "../../run-log/view.ts";

const BAD: ReadonlySet<string | null> = new Set(["FAILED", "DENIED", "TIMED_OUT", "INTERRUPTED"]);

/** Whether a step is what a reader of a bad run looks for: it, or what it called, failed, was refused, or broke off. */
export function isProblem({ status, call }: Pick<StepView, "status" | "call">): boolean {
  return BAD.has(status) || BAD.has(call);
}

/** Number of the next such step after one, or of the one before it; round the ends. Undefined where there is none. */
export function nextProblem(
  steps: readonly StepView[],
  from: number | undefined,
  to: "next" | "before",
): number | undefined {
  const bad = steps.filter(isProblem).map(({ number }) => number);
  if (to === "next") return bad.find((number) => number > (from ?? 0)) ?? bad[0];
  return bad.findLast((number) => number < (from ?? Number.POSITIVE_INFINITY)) ?? bad.at(-1);
}
