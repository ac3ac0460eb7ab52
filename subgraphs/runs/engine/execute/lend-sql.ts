import type { StepSql } from "@soma/sdk/step-sql";
import { SomaError } from "@soma/shared/errors";
import type { Tx } from "@soma/shared/postgres/connect";
import { toStatement } from "../../domain/project-statement.ts";
import { projectSql } from "../../store/project-sql.ts";
import { explainRefusal } from "../journal/explain-refusal.ts";

/** Statements of one attempt. */
const MAX_STATEMENTS = 100;

/** The database, lent to a step inside the transaction that ends it. */
export interface LentSql {
  sql: StepSql;
  /** Takes it back: waits for statements under way, and throws why one of them or an earlier one failed, whoever caught that. */
  end(): Promise<void>;
}

export function lendSql(tx: Tx, signal: AbortSignal): LentSql {
  const underWay = new Set<Promise<unknown>>();
  let failure: unknown;
  let made = 0;
  let isOver = false;

  async function execute(...[pieces, ...values]: Parameters<StepSql>): ReturnType<StepSql> {
    signal.throwIfAborted();
    if (isOver) throw new SomaError("BAD_INPUT", "the step has ended, and its statements with it");
    if (failure !== undefined) throw failure;
    made += 1;
    if (made > MAX_STATEMENTS)
      throw new SomaError("BAD_INPUT", `a step makes at most ${MAX_STATEMENTS} statements; let one do more`);
    return projectSql(tx, toStatement(pieces, values)).catch((error: unknown) => {
      throw explainRefusal(error);
    });
  }

  return {
    sql(pieces, ...values) {
      const rows = execute(pieces, ...values);
      const settled = rows.then(
        () => {},
        (error: unknown) => {
          failure ??= error;
        },
      );
      underWay.add(settled);
      void settled.then(() => underWay.delete(settled));
      return rows;
    },
    async end() {
      isOver = true;
      await Promise.all(underWay);
      if (failure !== undefined) throw failure;
    },
  };
}
