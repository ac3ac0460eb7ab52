import { approval } from "@soma/sdk/approval";
import { atMostOnce } from "@soma/sdk/at-most-once";
import { inDatabase } from "@soma/sdk/in-database";
import type { NodeSpec, StepContext } from "@soma/sdk/node";
import { runAgent } from "@soma/sdk/run-agent";
import { StepError } from "@soma/sdk/step-error";
import { wait, waitForSignal } from "@soma/sdk/wait";
import type { EffectClass } from "../evidence.ts";
import type { Leaf, State } from "../random-graphs.ts";

/** What nodes of a test do outside, and where that is written down. */
export interface Outside {
  /** Does it, and gives its answer; never, to a process that is dead. */
  perform(context: StepContext, effect: { class: EffectClass; key: string }): Promise<void>;
  wasDone(key: string): boolean;
}

export const CHILD = "child";
/** Why a run fails whose graph has a node that always does. */
export const DOOM = "it always fails";
const MINUTE_MS = 60_000;
const SOON = { maxAttempts: 3, initialMs: 1, maxMs: 1 };
/** Long enough that its run is parked. */
const LATER = { maxAttempts: 3, initialMs: 20_000, maxMs: 20_000 };

const tell = (mark: string) => ({ summary: mark, patch: { trail: [mark] } });

/** One node of each way in which steps act, wait and fail. */
export function leavesOf(outside: Outside): readonly Leaf[] {
  const idempotent = (mark: string, retry: typeof SOON, failures: number): NodeSpec<State> => ({
    type: "tool",
    retry,
    async run(_state, context) {
      await outside.perform(context, { class: "idempotent", key: context.stepId });
      if (context.attempt <= failures) throw new StepError("STEP_FAILED", "its answer was lost");
      return tell(mark);
    },
  });
  const once = (mark: string, answers: boolean, looksUp: boolean): NodeSpec<State> =>
    atMostOnce<State>({
      type: "payment",
      // What it does is done when it is called.
      openMs: 0,
      async run(_state, context) {
        await outside.perform(context, { class: "at_most_once", key: context.stepId });
        if (!answers) throw new Error("its answer was lost");
        return tell(mark);
      },
      ...(looksUp
        ? { reconcile: (_state: State, { stepId }: StepContext) => (outside.wasDone(stepId) ? tell(mark) : "NOT_DONE") }
        : {}),
      done: () => tell(mark),
    });
  const leaf =
    (make: (mark: string) => NodeSpec<State>): Leaf =>
    (mark) => ({ node: make(mark), trail: [mark] });
  return [
    leaf((mark) => idempotent(mark, SOON, 0)),
    leaf((mark) => ({ type: "branch", pure: true, run: () => tell(mark) })),
    leaf((mark) => idempotent(mark, SOON, 1)),
    leaf((mark) => once(mark, true, true)),
    leaf((mark) => once(mark, true, false)),
    leaf((mark) => once(mark, false, true)),
    leaf((mark) =>
      inDatabase({
        type: "ledger",
        async run(_state, sql, context) {
          await sql`insert into ledger values (${context.stepId})`;
          await outside.perform(context, { class: "pure", key: "" });
          return tell(mark);
        },
      }),
    ),
    () => ({ node: wait((_state, { now }) => new Date(now().getTime() + MINUTE_MS)), trail: [] }),
    leaf((mark) => waitForSignal(`go-${mark}`, { heard: () => tell(mark) })),
    leaf((mark) =>
      approval({
        ask: () => ({ question: `May ${mark} be done?` }),
        until: (_state, { now }) => new Date(now().getTime() + MINUTE_MS),
        approved: () => tell(mark),
        late: () => tell(mark),
      }),
    ),
    leaf((mark) => runAgent({ graph: CHILD, input: () => ({ text: mark }), done: () => tell(mark) })),
    leaf((mark) => idempotent(mark, LATER, 1)),
    leaf((mark) => ({ ...idempotent(mark, SOON, 9), giveUp: () => tell(mark) })),
    leaf((mark) => ({ ...idempotent(mark, SOON, 0), run: () => Promise.reject(new StepError("STEP_REFUSED", DOOM)) })),
  ];
}
