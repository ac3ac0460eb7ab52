import { SomaError } from "@soma/shared/errors";
import { isId } from "@soma/shared/ids";
import type { Sql } from "@soma/shared/postgres/connect";
import { transaction } from "@soma/shared/postgres/transaction";
import { forgetMemory, requireCustodian } from "../commands/forget-memory.ts";
import { findForgetting } from "../store/find-forgetting.ts";
import { listForgottenRuns } from "../store/list-forgotten-runs.ts";
import type { MutationResolvers, QueryResolvers, Resolvers } from "./generated.ts";

interface ForgettingFields {
  Query: Pick<QueryResolvers, "forgotten">;
  Mutation: Pick<MutationResolvers, "forgetMemory">;
  Forgotten: NonNullable<Resolvers["Forgotten"]>;
}

const MAX_RUNS = 1_000;

/** What is to be forgotten, and what has gone. */
export function forgettingResolvers(deps: { sql: Sql; now(): Date }): ForgettingFields {
  const { sql } = deps;
  return {
    Query: {
      async forgotten(_parent, { id }, { principal }) {
        requireCustodian(principal);
        if (!isId(id)) return null;
        const { tenant } = principal;
        return (await transaction(sql, { tenant }, (tx) => findForgetting(tx, { tenant, forgettingId: id }))) ?? null;
      },
    },
    Mutation: {
      async forgetMemory(_parent, { input }, { principal }) {
        const { forgetting, ...counts } = await forgetMemory(deps, principal, input);
        return { forgotten: forgetting, ...counts };
      },
    },
    Forgotten: {
      id: ({ forgettingId }) => forgettingId,
      orderedAt: ({ orderedAt }) => orderedAt.toISOString(),
      doneAt: ({ doneAt }) => doneAt?.toISOString() ?? null,
      async runs({ forgettingId, tenant }, { after, limit }) {
        if (limit < 1 || limit > MAX_RUNS)
          throw new SomaError("BAD_INPUT", `limit is ${limit}; it must be 1 to ${MAX_RUNS}`);
        if (typeof after === "string" && !isId(after)) throw new SomaError("CURSOR_INVALID", "after is no id of a run");
        const params = { forgettingId, after: after ?? undefined, limit };
        const rows = await transaction(sql, { tenant }, (tx) => listForgottenRuns(tx, params));
        return rows.map(({ runId }) => ({ id: runId }));
      },
    },
  };
}
