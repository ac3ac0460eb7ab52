import type { BudgetsConf } from "@soma/conf/budgets";
import type { RequestContext } from "@soma/shared/graphql/context";
import { stoppable } from "@soma/shared/graphql/stoppable";
import type { LostHints } from "@soma/shared/lost-hints";
import { outboxResolvers } from "@soma/shared/outbox/outbox-resolvers";
import type { Sql } from "@soma/shared/postgres/connect";
import type { WakeUp } from "@soma/shared/wake-up";
import { cancelRun } from "../commands/cancel-run.ts";
import { decideApproval } from "../commands/decide-approval.ts";
import { forkRun } from "../commands/fork-run.ts";
import type { WorkerProcess } from "../commands/kill-worker.ts";
import { pauseRun } from "../commands/pause-run.ts";
import { rollbackRun } from "../commands/rollback-run.ts";
import { createRunStarter } from "../commands/run-starter.ts";
import { signalRun } from "../commands/signal-run.ts";
import { type StartRunDeps, startRun } from "../commands/start-run.ts";
import { WORK_WAITS } from "../domain/hints.ts";
import type { ModelSource } from "../models/model-source.ts";
import { measureOwnOutbox } from "../store/measure-own-outbox.ts";
import type { RunRow } from "../store/tables.ts";
import { type AgentsDeps, agentResolvers } from "./agent-resolvers.ts";
import { budgetResolvers } from "./budget-resolvers.ts";
import { custodyResolvers } from "./custody-resolvers.ts";
import { eventResolvers } from "./event-resolvers.ts";
import { findNode, findRun, findSession } from "./find-node.ts";
import { firstMinutesResolvers } from "./first-minutes-resolvers.ts";
import type { Resolvers } from "./generated.ts";
import { readHealth } from "./health.ts";
import { historyResolvers } from "./history-resolvers.ts";
import { modelResolvers } from "./model-resolvers.ts";
import { runConnection } from "./run-connection.ts";
import { followRunEvents, readRunPage } from "./run-events.ts";
import { runResolvers, sessionOf } from "./run-resolvers.ts";
import { scheduleResolvers } from "./schedule-resolvers.ts";
import { sessionResolvers } from "./session-resolvers.ts";
import { toViewer } from "./viewer.ts";

export interface ResolverDeps extends Omit<StartRunDeps, "starter">, AgentsDeps {
  /** A pool of the request role. */
  sql: Sql;
  wakeUp: WakeUp;
  lostHints: LostHints;
  models: ModelSource;
  /** What calls may cost. */
  budgets: BudgetsConf;
  /** One that may be killed, in development alone. */
  workerProcess?: WorkerProcess | undefined;
}

export function createResolvers(deps: ResolverDeps): Resolvers {
  const { sql } = deps;
  const starter = createRunStarter(sql);
  const start = async (context: RequestContext, params: Parameters<typeof startRun>[2]): Promise<RunRow> => {
    const run = await startRun({ ...deps, starter }, context.principal, params);
    deps.wakeUp.changed(WORK_WAITS);
    return run;
  };
  /** What was asked of a run may make it due. */
  const asked = async (asking: Promise<RunRow>): Promise<{ run: RunRow }> => {
    const run = await asking;
    deps.wakeUp.changed(WORK_WAITS);
    return { run };
  };

  const ofRuns = runResolvers(deps);
  const schedules = scheduleResolvers({ ...deps, starter });
  const custody = custodyResolvers(sql);
  const spending = budgetResolvers(deps);
  const models = modelResolvers(deps.models);
  const sessions = sessionResolvers(sql);
  const firstMinutes = firstMinutesResolvers(deps);
  const agents = agentResolvers(deps);
  const outbox = outboxResolvers({ sql, measure: measureOwnOutbox });
  return {
    Outbox: outbox.Outbox,
    Query: {
      runsOutbox: (_parent, _args, context) => outbox.outbox(context),
      ...schedules.Query,
      ...spending.Query,
      viewer: (_parent, _args, context) => toViewer(context.principal),
      node: (_parent, { id }, context) => findNode(sql, context, id),
      run: (_parent, { id }, context) => findRun(sql, context, id),
      runs: (_parent, { filter, ...page }, context) => runConnection(sql, context, page, filter ?? {}),
      session: (_parent, { id }, context) => findSession(sql, context, id),
      runEventsPage: (_parent, { runId, afterSeq, limit }, context) =>
        readRunPage(sql, context.principal, { runId, afterSeq, limit: limit ?? 1_000 }),
      ...agents.Query,
      ...models.Query,
      ...firstMinutes.Query,
      health: () => readHealth(sql),
    },
    Mutation: {
      decideRunsLetter: (_parent, { input }, context) => outbox.decide(input, context),
      ...schedules.Mutation,
      ...custody.Mutation,
      ...spending.Mutation,
      ...models.Mutation,
      ...sessions.Mutation,
      ...firstMinutes.Mutation,
      async sendMessage(_parent, { input }, context) {
        const { text, ...rest } = input;
        const run = await start(context, { ...rest, graph: "assistant", input: { text } });
        return { run, session: await sessionOf(sql, context, run) };
      },
      startRun: async (_parent, { input }, context) => ({ run: await start(context, input) }),
      cancelRun: (_parent, { input }, context) => asked(cancelRun(sql, context.principal, input)),
      pauseRun: (_parent, { input }, context) => asked(pauseRun(sql, context.principal, { ...input, pause: true })),
      resumeRun: (_parent, { input }, context) => asked(pauseRun(sql, context.principal, { ...input, pause: false })),
      decideApproval: (_parent, { input }, context) => asked(decideApproval(sql, context.principal, input)),
      signalRun: (_parent, { input }, context) => asked(signalRun(sql, context.principal, input)),
      forkRun: (_parent, { input }, context) => asked(forkRun(deps, context.principal, input)),
      async rollbackRun(_parent, { input }, context) {
        const { run, effects } = await rollbackRun(deps, context.principal, input);
        if (input.dryRun !== true) for (const name of [run.runId, WORK_WAITS]) deps.wakeUp.changed(name);
        return { run, effects };
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
    Schedule: schedules.Schedule,
    WorkerProcess: firstMinutes.WorkerProcess,
    AgentGraph: agents.AgentGraph,
    ...ofRuns,
    Session: { ...ofRuns.Session, ...sessions.Session, ...spending.Session },
    Run: { ...ofRuns.Run, ...historyResolvers(deps), ...custody.Run, ...sessions.Run, ...spending.Run },
    Hold: custody.Hold,
    Erasure: custody.Erasure,
    ...eventResolvers(sql),
  };
}
