import type { RequestContext } from "@soma/shared/graphql/context";
import type { Sql } from "@soma/shared/postgres/connect";
import { transaction } from "@soma/shared/postgres/transaction";
import { killWorker, type WorkerProcess } from "../commands/kill-worker.ts";
import { requireOperator } from "../commands/require-operator.ts";
import { DEMO_KINDS, DEMO_RUNS, type DemoKind } from "../domain/demo-runs.ts";
import { countToll } from "../domain/worker-death.ts";
import { findRunByKey } from "../store/find-run-by-key.ts";
import { findRuns } from "../store/find-runs.ts";
import { lookAtHeldRuns } from "../store/look-at-held-runs.ts";
import type { RunRow } from "../store/tables.ts";
import type { MutationResolvers, QueryResolvers, WorkerProcessResolvers } from "./generated.ts";

interface FirstMinutesDeps {
  /** A pool of the request role. */
  sql: Sql;
  /** Undefined outside of development. */
  workerProcess?: WorkerProcess | undefined;
  now(): Date;
}

interface FirstMinutesFields {
  Query: Pick<QueryResolvers, "firstMinutes">;
  Mutation: Pick<MutationResolvers, "killWorker">;
  WorkerProcess: WorkerProcessResolvers;
}

/** Runs of a death that are shown; all that are known of are counted. */
const SHOWN_RUNS = 20;
/** A death that is older tells nothing any more: its runs may have been removed, as they are of age. */
const HOUR_MS = 3_600_000;

/** Things to try in the first minutes, and what became of runs whose worker was killed. */
export function firstMinutesResolvers(deps: FirstMinutesDeps): FirstMinutesFields {
  const { workerProcess } = deps;
  return {
    Query: {
      async firstMinutes(_parent, _args, context) {
        if (workerProcess === undefined) return null;
        requireOperator(context.principal);
        return { worker: workerProcess, demoRuns: await findDemoRuns(deps, context) };
      },
    },
    Mutation: {
      killWorker: async (_parent, { input }, context) => ({ worker: await killWorker(workerProcess, context, input) }),
    },
    WorkerProcess: {
      isReady: (worker) => worker.isReady(),
      deaths: (worker) => worker.deaths(),
      runsInHand: async (worker, _args, { principal: { tenant } }) =>
        (await worker.runs()).filter((run) => run.tenant === tenant).length,
      lastDeath: (worker, _args, context) => context.once(worker, () => describeDeath(deps, worker, context)),
    },
  };
}

async function findDemoRuns({ sql }: FirstMinutesDeps, { principal: { tenant } }: RequestContext) {
  return transaction(sql, { tenant }, async (tx) => {
    const found: { shows: DemoKind; run: RunRow }[] = [];
    for (const shows of DEMO_KINDS) {
      const run = await findRunByKey(tx, { tenant, idemKey: DEMO_RUNS[shows] });
      // One that was to be killed and ended before that shows nothing.
      if (run !== undefined && (shows !== "RECOVERED" || run.recoveries > 0)) found.push({ shows, run });
    }
    return found;
  });
}

async function describeDeath({ sql, now }: FirstMinutesDeps, worker: WorkerProcess, context: RequestContext) {
  const { tenant } = context.principal;
  const death = worker.lastDeath();
  if (death === undefined || now().getTime() - death.at.getTime() > HOUR_MS) return null;
  const held = death.held.filter((run) => run.tenant === tenant);
  const runIds = held.slice(0, SHOWN_RUNS).map(({ runId }) => runId);
  return transaction(sql, { tenant }, async (tx) => {
    const toll = countToll({ diedAt: death.at, held, seen: await lookAtHeldRuns(tx, { held }), now: now() });
    return {
      at: death.at.toISOString(),
      runs: await findRuns(tx, { runIds }),
      runCount: held.length,
      waitingCount: toll.waiting,
      lostCount: toll.lost,
      repeatedCount: toll.repeated,
      backAfterMs: toll.backAfterMs,
    };
  });
}
