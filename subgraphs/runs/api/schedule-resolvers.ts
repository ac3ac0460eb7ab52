import { checkIdempotencyKey } from "@soma/shared/idempotency-key";
import type { Sql } from "@soma/shared/postgres/connect";
import { transaction } from "@soma/shared/postgres/transaction";
import { createSchedule } from "../commands/create-schedule.ts";
import { deleteSchedule } from "../commands/delete-schedule.ts";
import { pauseSchedule } from "../commands/pause-schedule.ts";
import type { StartRunDeps } from "../commands/start-run.ts";
import { listSchedules } from "../store/list-schedules.ts";
import { findRun } from "./find-node.ts";
import type { MutationResolvers, QueryResolvers, Resolvers } from "./generated.ts";

type ScheduleFields = Required<Pick<Resolvers, "Schedule">> & {
  Query: Pick<QueryResolvers, "schedules">;
  Mutation: Pick<MutationResolvers, "createSchedule" | "pauseSchedule" | "resumeSchedule" | "deleteSchedule">;
};

/** Schedules, and what may be done with them. */
export function scheduleResolvers(deps: StartRunDeps & { sql: Sql }): ScheduleFields {
  const { sql } = deps;
  return {
    Query: {
      schedules: (_parent, _args, { principal: { tenant } }) => transaction(sql, { tenant }, listSchedules),
    },
    Mutation: {
      createSchedule: async (_parent, { input }, { principal }) => ({
        schedule: await createSchedule(deps, principal, input),
      }),
      pauseSchedule: async (_parent, { input: { scheduleId, idempotencyKey } }, { principal }) => {
        checkIdempotencyKey(idempotencyKey);
        return { schedule: await pauseSchedule(deps, principal, { scheduleId, isPaused: true }) };
      },
      resumeSchedule: async (_parent, { input: { scheduleId, idempotencyKey } }, { principal }) => {
        checkIdempotencyKey(idempotencyKey);
        return { schedule: await pauseSchedule(deps, principal, { scheduleId, isPaused: false }) };
      },
      deleteSchedule: async (_parent, { input: { scheduleId, idempotencyKey } }, { principal }) => {
        checkIdempotencyKey(idempotencyKey);
        return { schedule: await deleteSchedule(sql, principal, { scheduleId }) };
      },
    },
    Schedule: {
      id: ({ scheduleId }) => scheduleId,
      nextAt: ({ nextAt }) => nextAt?.toISOString() ?? null,
      lastTickAt: ({ lastTickAt }) => lastTickAt?.toISOString() ?? null,
      lastRun: ({ lastRunId }, _args, context) => (lastRunId === null ? null : findRun(sql, context, lastRunId)),
      createdAt: ({ createdAt }) => createdAt.toISOString(),
    },
  };
}
