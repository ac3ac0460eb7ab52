import type { SqlRow, SqlValue, StepSql } from "../step-sql.ts";

/** Answers a statement in a test: `$1` stands in it for its first value. */
export type SqlFake = (
  statement: string,
  values: readonly SqlValue[],
) => readonly SqlRow[] | undefined | Promise<readonly SqlRow[] | undefined>;

/** The database of a step in memory: the test's function in its place. */
export function createTestSql(fake: SqlFake): StepSql {
  return async (pieces, ...values) => {
    const statement = pieces.map((piece, index) => (index === 0 ? piece : `$${index}${piece}`)).join("");
    return (await fake(statement, values)) ?? [];
  };
}
