import type { Sql } from "@soma/shared/postgres/connect";
import { renameSession } from "../commands/rename-session.ts";
import { findRun } from "./find-node.ts";
import type { MutationResolvers, RunResolvers, SessionResolvers } from "./generated.ts";
import { loadersOf } from "./loaders.ts";

interface SessionFields {
  Mutation: Pick<MutationResolvers, "renameSession">;
  Session: Pick<SessionResolvers, "titledAt" | "forkedFrom" | "earlierRuns">;
  Run: Pick<RunResolvers, "forks">;
}

/** What sessions are called, and which go on from which. */
export function sessionResolvers(sql: Sql): SessionFields {
  return {
    Mutation: {
      renameSession: async (_parent, { input }, { principal }) => ({
        session: await renameSession(sql, principal, input),
      }),
    },
    Session: {
      titledAt: ({ titledAt }) => titledAt?.toISOString() ?? null,
      forkedFrom: ({ forkedFromRunId: id }, _args, context) => (id === null ? null : findRun(sql, context, id)),
      earlierRuns: ({ sessionId, forkedFromRunId }, _args, context) =>
        forkedFromRunId === null ? [] : loadersOf(sql, context).earlierRuns.load(sessionId),
    },
    Run: { forks: ({ runId }, _args, context) => loadersOf(sql, context).forks.load(runId) },
  };
}
