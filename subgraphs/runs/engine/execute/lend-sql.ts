import type { StepSql } from "@soma/sdk/step-sql";
import { SomaError } from "@soma/shared/errors";
import type { Tx } from "@soma/shared/postgres/connect";
import { whyUnavailable } from "@soma/shared/postgres/why-unavailable";
import { toStatement } from "../../domain/project-statement.ts";
import { projectSql } from "../../store/project-sql.ts";

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
      throw explain(error);
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

/** Failures that another attempt may not have, though the database is not away. */
const MAY_PASS: ReadonlySet<unknown> = new Set(["40001", "40P01", "55P03", "57014"]);

/** What a failed statement means to its step; a database that is away is waited for like any other service. */
function explain(error: unknown): unknown {
  if (!(error instanceof Error) || error.name !== "PostgresError" || !("code" in error)) return error;
  const mayPass = MAY_PASS.has(error.code);
  if (!mayPass && whyUnavailable(error) !== undefined) return error;
  const hint = error.code === "42P01" ? "; tables of a project are made by its files tables/0001-<what>.sql" : "";
  const message = `the database refused a statement of the step: ${error.message}${hint}`;
  return new SomaError(mayPass ? "STEP_FAILED" : "STEP_REFUSED", message, { cause: error });
}
