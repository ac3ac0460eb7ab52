import type { Json } from "@soma/schemas/json";
import type { NodeResult, NodeSpec, Question, StepContext, Wake } from "./node.ts";
import { StepError } from "./step-error.ts";
import { checkDate } from "./wait.ts";

/** What a person decided. */
export type ApprovalDecision = Omit<Extract<Wake, { by: "DECISION" }>, "by">;

/** What is asked, and what the run makes of the answer. */
export interface ApprovalOptions<S> {
  /** What a person reads before deciding. Asked again when the step is begun again, so it is made of the state alone. */
  ask(state: S): { question: string; details?: Json };
  /** Role that whoever decides must have; `approver` when left out. */
  role?: Question["role"];
  /** Whether it must be another one than who started the run. */
  byAnother?: Question["byAnother"];
  /** Left out, the run's own deadline is the only limit. */
  until?: (state: S, context: StepContext) => Date;
  approved(decision: ApprovalDecision, state: S): NodeResult<S>;
  /** What the step comes to when it is refused; left out, it fails, so that nothing follows that nobody approved. */
  refused?(decision: ApprovalDecision, state: S): NodeResult<S>;
  /** What the step comes to when `until` has passed; left out, it fails as well. */
  late?(state: S): NodeResult<S>;
}

/**
 * A node that asks a person and waits for the decision: one for each question, by the mutation `decideApproval`.
 *
 *   .node("may_refund", approval({ ask: ({ amount }) => ({ question: `Refund ${amount}?` }), approved: () => ({ summary: "allowed" }) }))
 */
export function approval<S>(options: ApprovalOptions<S>): NodeSpec<S> {
  const { ask, until, role, byAnother, approved, refused = deny, late = expire } = options;
  return {
    type: "approval",
    pure: true,
    summary: () => "Waiting for a person to decide",
    run(state, context) {
      const { woken } = context;
      if (woken?.by === "DECISION") return woken.approved ? approved(woken, state) : refused(woken, state);
      if (woken !== undefined) return late(state);
      const asked = { ...ask(state), ...(role === undefined ? {} : { role }) };
      return {
        parkedForApproval: { ...asked, ...(byAnother === undefined ? {} : { byAnother }) },
        ...(until === undefined ? {} : { parkedUntil: checkDate(until(state, context)) }),
        summary: asked.question,
      };
    },
  };
}

function deny({ decidedBy, comment }: ApprovalDecision): never {
  throw new StepError("STEP_REFUSED", `refused by ${decidedBy}${comment === null ? "" : `: ${comment}`}`);
}

function expire(): never {
  throw new StepError("STEP_REFUSED", "nobody decided in time");
}
