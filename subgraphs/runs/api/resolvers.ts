import { payloadOf } from "@soma/schemas/run-history";
import { SomaError } from "@soma/shared/errors";
import { parsePage, toConnection } from "@soma/shared/graphql/connection";
import type { RequestContext } from "@soma/shared/graphql/context";
import { stoppable } from "@soma/shared/graphql/stoppable";
import { isId } from "@soma/shared/ids";
import type { Sql } from "@soma/shared/postgres/connect";
import { transaction } from "@soma/shared/postgres/transaction";
import { type StreamFrame, toGraphqlFrame } from "@soma/shared/stream-frames/graphql-frames";
import type { WakeUp } from "@soma/shared/wake-up";
import { cancelRun } from "../commands/cancel-run.ts";
import { type StartRunDeps, startRun } from "../commands/start-run.ts";
import { toChained } from "../domain/chain.ts";
import { WORK_WAITS } from "../domain/hints.ts";
import type { HistoryEvent } from "../domain/history.ts";
import { parseStepId, stepIdOf } from "../domain/history.ts";
import { traceIdOf } from "../domain/published-events.ts";
import { codesOf, RUN_STATUS, type RunStatusGraphql, toRunStatus } from "../domain/run-status.ts";
import { listRuns } from "../store/list-runs.ts";
import type { RunRow, SessionRow } from "../store/tables.ts";
import type { ModelStatus, Resolvers, RunFilter } from "./generated.ts";
import { readHealth } from "./health.ts";
import { loadersOf } from "./loaders.ts";
import { followRunEvents, readRunPage } from "./run-events.ts";

export interface ResolverDeps extends StartRunDeps {
  wakeUp: WakeUp;
  modelStatus: ModelStatus;
}

const RUNS_PAGE = { default: 50, max: 200 };
const STEPS_PAGE = { default: 100, max: 500 };

export function createResolvers(deps: ResolverDeps): Resolvers {
  const { sql } = deps;
  const loaders = (context: RequestContext) => loadersOf(sql, context);
  const start = async (context: RequestContext, params: Parameters<typeof startRun>[2]): Promise<RunRow> => {
    const run = await startRun(deps, context.principal, params);
    deps.wakeUp.changed(WORK_WAITS);
    return run;
  };

  return {
    Query: {
      run: async (_parent, { id }, context) => (isId(id) ? ((await loaders(context).run.load(id)) ?? null) : null),
      runs: (_parent, { filter, ...page }, context) => runConnection(sql, context, page, filter ?? {}),
      session: async (_parent, { id }, context) =>
        isId(id) ? ((await loaders(context).session.load(id)) ?? null) : null,
      runEventsPage: (_parent, { runId, afterSeq, limit }, context) =>
        readRunPage(sql, context.principal, { runId, afterSeq, limit: limit ?? 1_000 }),
      modelStatus: () => deps.modelStatus,
      health: () => readHealth(sql),
    },
    Mutation: {
      async sendMessage(_parent, { input }, context) {
        const { text, ...rest } = input;
        const run = await start(context, { ...rest, graph: "assistant", input: { text } });
        return { run, session: await sessionOf(sql, context, run) };
      },
      startRun: async (_parent, { input }, context) => ({ run: await start(context, input) }),
      async cancelRun(_parent, { input }, context) {
        const run = await cancelRun(sql, context.principal, input);
        deps.wakeUp.changed(WORK_WAITS);
        return { run };
      },
    },
    Subscription: {
      runEvents: {
        subscribe: (_parent, { runId, afterSeq }, context) =>
          stoppable(async function* (signal) {
            for await (const frame of followRunEvents(deps, context.principal, { runId, afterSeq }, signal))
              yield { runEvents: frame };
          }),
      },
    },
    Run: {
      __resolveReference: async ({ id }, context) =>
        isId(id) ? ((await loaders(context).run.load(id)) ?? null) : null,
      id: (run) => run.runId,
      session: (run, _args, context) => sessionOf(sql, context, run),
      status: (run) => RUN_STATUS[toRunStatus(run.status)].graphql,
      answer: async (run, _args, context) => {
        if (run.status !== RUN_STATUS.SUCCEEDED.code) return null;
        const head = await loaders(context).head.load(run.runId);
        return head?.kind === "RUN_SUCCEEDED" ? payloadOf(head.kind, head.payload).answer : null;
      },
      error: async (run, _args, context) => {
        if (run.status !== RUN_STATUS.FAILED.code) return null;
        const head = await loaders(context).head.load(run.runId);
        return head?.kind === "RUN_FAILED" ? payloadOf(head.kind, head.payload).error : null;
      },
      createdAt: (run) => run.createdAt.toISOString(),
      startedAt: (run) => run.startedAt?.toISOString() ?? null,
      finishedAt: (run) => run.finishedAt?.toISOString() ?? null,
      headSeq: async (run, _args, context) => (await loaders(context).head.load(run.runId))?.seq ?? 0,
      traceId: (run) => traceIdOf(run.traceParent),
      async steps(run, args, context) {
        const { first, after = 0 } = parsePage(args, STEPS_PAGE, (cursor) =>
          /^\d{1,9}$/.test(cursor) ? Number(cursor) : undefined,
        );
        const all = await loaders(context).steps.load(run.runId);
        const rest = all.filter((step) => step.number > after).slice(0, first + 1);
        return { ...toConnection(rest, first, (step) => String(step.number)), totalCount: all.length };
      },
    },
    Step: {
      async __resolveReference({ id }, context) {
        const place = parseStepId(id);
        if (place === undefined || (await loaders(context).run.load(place.runId)) === undefined) return null;
        return (await loaders(context).steps.load(place.runId)).find((step) => step.number === place.step) ?? null;
      },
      startedAt: (step) => step.startedAt.toISOString(),
      finishedAt: (step) => step.finishedAt?.toISOString() ?? null,
    },
    Session: {
      __resolveReference: async ({ id }, context) =>
        isId(id) ? ((await loaders(context).session.load(id)) ?? null) : null,
      id: (session) => session.sessionId,
      createdAt: (session) => session.createdAt.toISOString(),
      runs: (session, args, context) => runConnection(sql, context, args, { sessionId: session.sessionId }),
    },
    RunEvent: {
      at: (event) => toChained(event).at,
      type: (event) => event.kind,
      stepId: (event) => toChained(event).stepId,
      stepNumber: (event) => (event.step === 0 ? null : event.step),
      nodeId: (event) => event.node,
      attempt: (event) => toChained(event).attempt,
      frame: toFrame,
      async step(event, _args, context) {
        if (event.step === 0) return null;
        // A subscription's context lives as long as its socket; what it loads must be today's, not the first look's.
        loaders(context).steps.clear(event.runId);
        return (
          (await loaders(context).steps.load(event.runId)).find(
            (step) => step.id === stepIdOf(event.runId, event.step),
          ) ?? null
        );
      },
    },
  };
}

/** The typed form of a STREAM_ event; null for the others. */
function toFrame({ kind, payload }: HistoryEvent): StreamFrame | null {
  if (kind !== "STREAM_START" && kind !== "STREAM_DATA" && kind !== "STREAM_END") return null;
  return toGraphqlFrame(payloadOf(kind, payload));
}

async function sessionOf(sql: Sql, context: RequestContext, run: RunRow): Promise<SessionRow> {
  const session = await loadersOf(sql, context).session.load(run.sessionId);
  if (session === undefined) throw new SomaError("INTERNAL", `run ${run.runId} has no session`);
  return session;
}

async function runConnection(
  sql: Sql,
  context: RequestContext,
  args: { first?: number | null; after?: string | null },
  filter: RunFilter,
) {
  const { tenant } = context.principal;
  const { first, after } = parsePage(args, RUNS_PAGE, (cursor) => (isId(cursor) ? cursor : undefined));
  const { sessionId } = filter;
  if (sessionId !== undefined && sessionId !== null && !isId(sessionId))
    throw new SomaError("BAD_INPUT", `session id "${sessionId.slice(0, 80)}" is not a UUID`);
  const statusCodes = filter.status?.flatMap((status: RunStatusGraphql) => codesOf(status));
  const rows = await transaction(sql, { tenant }, (tx) =>
    listRuns(tx, {
      tenant,
      statusCodes,
      sessionId: sessionId ?? undefined,
      graph: filter.graph ?? undefined,
      before: after,
      limit: first + 1,
    }),
  );
  return toConnection(rows, first, (run) => run.runId);
}
