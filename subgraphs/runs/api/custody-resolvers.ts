import type { Sql } from "@soma/shared/postgres/connect";
import { eraseRun } from "../commands/erase-run.ts";
import { holdRun } from "../commands/hold-run.ts";
import { releaseHold } from "../commands/release-hold.ts";
import { requireCustodian } from "../commands/require-custodian.ts";
import type { MutationResolvers, Resolvers, RunResolvers } from "./generated.ts";
import { loadersOf } from "./loaders.ts";

type CustodyFields = Required<Pick<Resolvers, "Hold" | "Erasure">> & {
  Mutation: Pick<MutationResolvers, "holdRun" | "releaseHold" | "eraseRun">;
  Run: Pick<RunResolvers, "holds" | "erasure">;
};

/** What keeps runs, and how their contents go. */
export function custodyResolvers(sql: Sql): CustodyFields {
  return {
    Mutation: {
      holdRun: async (_parent, { input }, { principal }) => ({ hold: await holdRun(sql, principal, input) }),
      releaseHold: async (_parent, { input }, { principal }) => ({ hold: await releaseHold(sql, principal, input) }),
      eraseRun: (_parent, { input }, { principal }) => eraseRun(sql, principal, input),
    },
    Run: {
      async holds({ runId }, _args, context) {
        requireCustodian(context.principal);
        return loadersOf(sql, context).holds.load(runId);
      },
      async erasure({ runId, rootRunId, erasedAt }, _args, context) {
        if (erasedAt === null) return null;
        return (await loadersOf(sql, context).erasure.load(rootRunId ?? runId)) ?? null;
      },
    },
    Hold: {
      id: ({ holdId }) => holdId,
      heldAt: ({ heldAt }) => heldAt.toISOString(),
      releasedAt: ({ releasedAt }) => releasedAt?.toISOString() ?? null,
    },
    Erasure: {
      erasedAt: ({ erasedAt }) => erasedAt.toISOString(),
      isDone: ({ doneAt }) => doneAt !== null,
    },
  };
}
