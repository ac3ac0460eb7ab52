import type { NodeResult, NodeSpec, StepContext } from "./node.ts";
import { StepError } from "./step-error.ts";
import type { StepSql } from "./step-sql.ts";

/** A step that writes into the tables of its project. */
export interface InDatabaseSpec<S> extends Omit<NodeSpec<S>, "effect" | "pure" | "run"> {
  /**
   * Reads and writes by `sql` and gives the step's result; it cannot wait. A statement that fails fails the attempt, whoever
   * catches its error, and with it everything the attempt wrote. What else it does outside is not taken back.
   */
  run(state: S, sql: StepSql, context: StepContext): Promise<NodeResult<S>> | NodeResult<S>;
}

/**
 * A node whose effect happens exactly once: what it writes into the tables of its project is committed in one transaction
 * with the step's result. It has a few seconds for that.
 *
 *   .node("book", inDatabase({ type: "ledger", run: async ({ amount }, sql, { stepId }) => {
 *     await sql`insert into ledger (entry, amount) values (${stepId}, ${amount})`;
 *     return { summary: "booked" };
 *   } }))
 */
export function inDatabase<S>({ run, ...spec }: InDatabaseSpec<S>): NodeSpec<S> {
  return {
    ...spec,
    effect: "db",
    run(state, context) {
      if (context.sql === undefined)
        throw new StepError("STEP_REFUSED", `a node of type ${spec.type} needs a database, and none was given here`);
      return run(state, context.sql, context);
    },
  };
}
