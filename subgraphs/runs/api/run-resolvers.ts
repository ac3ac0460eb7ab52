import { payloadOf } from "@soma/schemas/run-history";
import { SomaError } from "@soma/shared/errors";
import type { RequestContext } from "@soma/shared/graphql/context";
import type { Sql } from "@soma/shared/postgres/connect";
import { stepIdOf } from "../domain/history.ts";
import { traceIdOf } from "../domain/published-events.ts";
import { NO_BAD_CALLS, outcomeOf } from "../domain/run-outcome.ts";
import { drawRun } from "../domain/run-picture.ts";
import { isFinished, RUN_STATUS, toRunStatus } from "../domain/run-status.ts";
import { modelOf } from "../domain/step-model.ts";
import { approvalIdOf } from "../domain/wait-names.ts";
import { findSuccessor } from "../engine/deploys/plan-take-over.ts";
import { type GraphRegistry, pinOf } from "../engine/graphs/graph-registry.ts";
import type { RunRow, SessionRow } from "../store/tables.ts";
import { findRun, findSession, findStep } from "./find-node.ts";
import type { Resolvers } from "./generated.ts";
import { loadersOf } from "./loaders.ts";
import { sessionRunConnection } from "./run-connection.ts";
import { stepConnection } from "./step-connection.ts";

/** Fields of runs, steps and sessions. */
export function runResolvers({
  sql,
  graphs,
}: {
  sql: Sql;
  graphs: GraphRegistry;
}): Pick<Resolvers, "Run" | "Step" | "Session" | "PendingApproval"> {
  return {
    Run: {
      __resolveReference: ({ id }, context) => findRun(sql, context, id),
      id: (run) => run.runId,
      session: (run, _args, context) => sessionOf(sql, context, run),
      status: (run) => RUN_STATUS[toRunStatus(run.status)].graphql,
      outcome: async (run, _args, context) => {
        if (!isFinished(run.status) || run.erasedAt !== null) return null;
        const calls = (await loadersOf(sql, context).badCalls.load(run.runId)) ?? NO_BAD_CALLS;
        const kind = outcomeOf(run.status, calls);
        const counts = { failedCalls: calls.failed, deniedCalls: calls.denied, cutAnswers: calls.cut };
        return kind === undefined ? null : { kind, ...counts };
      },
      answer: async (run, _args, context) => {
        if (run.status !== RUN_STATUS.SUCCEEDED.code) return null;
        const head = await loadersOf(sql, context).head.load(run.runId);
        return head?.kind === "RUN_SUCCEEDED" ? payloadOf(head.kind, head.payload).answer : null;
      },
      error: async (run, _args, context) => {
        if (run.status !== RUN_STATUS.FAILED.code) return null;
        const head = await loadersOf(sql, context).head.load(run.runId);
        return head?.kind === "RUN_FAILED" ? payloadOf(head.kind, head.payload).error : null;
      },
      createdAt: (run) => run.createdAt.toISOString(),
      startedAt: (run) => run.startedAt?.toISOString() ?? null,
      finishedAt: (run) => run.finishedAt?.toISOString() ?? null,
      headSeq: async (run, _args, context) => (await loadersOf(sql, context).head.load(run.runId))?.seq ?? 0,
      parent: (run, _args, context) => (run.parentRunId === null ? null : findRun(sql, context, run.parentRunId)),
      children: (run, _args, context) => loadersOf(sql, context).children.load(run.runId),
      pendingApprovals: (run, _args, context) =>
        isFinished(run.status) ? [] : loadersOf(sql, context).openQuestions.load(run.runId),
      traceId: (run) => traceIdOf(run.traceParent),
      picture: async (run, _args, context) => {
        const graph = graphs.findPinned(pinOf(run));
        return graph === undefined ? null : drawRun(graph, await loadersOf(sql, context).steps.load(run.runId));
      },
      waitsForGraph: (run) => {
        const pin = pinOf(run);
        const isHere = graphs.findPinned(pin) !== undefined || findSuccessor(graphs, pin) !== undefined;
        return isFinished(run.status) || isHere ? null : pin;
      },
      steps: async (run, args, context) => stepConnection(await loadersOf(sql, context).steps.load(run.runId), args),
    },
    PendingApproval: {
      id: ({ runId, payload }) => approvalIdOf(runId, payload.name),
      stepId: ({ runId, step }) => stepIdOf(runId, step),
      question: ({ payload }) => payload.question,
      details: ({ payload }) => payload.details,
      role: ({ payload }) => payload.role,
      askedAt: ({ askedAt }) => askedAt.toISOString(),
      expiresAt: ({ payload }) => payload.until,
    },
    Step: {
      __resolveReference: ({ id }, context) => findStep(sql, context, id),
      answeredBy: (step) => modelOf(step),
      startedAt: (step) => step.startedAt.toISOString(),
      finishedAt: (step) => step.finishedAt?.toISOString() ?? null,
    },
    Session: {
      __resolveReference: ({ id }, context) => findSession(sql, context, id),
      id: (session) => session.sessionId,
      createdAt: (session) => session.createdAt.toISOString(),
      runs: (session, args, context) =>
        sessionRunConnection(loadersOf(sql, context).runsOfSession, session.sessionId, args),
    },
  };
}

/** A run always has its session: both were made in one transaction. */
export async function sessionOf(sql: Sql, context: RequestContext, run: RunRow): Promise<SessionRow> {
  const session = await loadersOf(sql, context).session.load(run.sessionId);
  if (session === undefined) throw new SomaError("INTERNAL", `run ${run.runId} has no session`);
  return session;
}
