import type { RequestContext } from "@soma/shared/graphql/context";
import type { Page } from "@soma/shared/graphql/page";
import type { Sql } from "@soma/shared/postgres/connect";
import { transaction } from "@soma/shared/postgres/transaction";
import DataLoader from "dataloader";
import { findInvocations } from "../store/find-invocations.ts";
import { findStepInvocations } from "../store/find-step-invocations.ts";
import { type InvocationPlace, listRunInvocations, type RunInvocationRow } from "../store/list-run-invocations.ts";
import { readOutputs } from "../store/read-outputs.ts";
import type { InvocationRow } from "../store/tables.ts";

/** Whole outputs in one statement; each may have a quarter of a megabyte. */
const OUTPUTS_PER_READ = 32;
const KEYS_PER_READ = 200;

/** A page of one run's invocations. */
interface RunPage {
  runId: string;
  page: Page<InvocationPlace>;
}

interface Loaders {
  invocation: DataLoader<string, InvocationRow | undefined>;
  /** One row more than the page's limit, in the page's direction. */
  ofRun: DataLoader<RunPage, RunInvocationRow[], string>;
  ofStep: DataLoader<string, InvocationRow | undefined>;
  output: DataLoader<string, string>;
}

/** One set per request: rows asked for in one tick come with one statement. */
export function loadersOf(sql: Sql, context: RequestContext): Loaders {
  const { tenant } = context.principal;
  return context.once(loadersOf, () => ({
    invocation: new DataLoader<string, InvocationRow | undefined>(
      async (ids) => {
        const rows = new Map(
          (await transaction(sql, { tenant }, (tx) => findInvocations(tx, { tenant, invocationIds: ids }))).map(
            (row) => [row.invocationId, row],
          ),
        );
        return ids.map((id) => rows.get(id));
      },
      { maxBatchSize: KEYS_PER_READ },
    ),
    ofRun: invocationsOfRuns(sql, tenant),
    ofStep: new DataLoader<string, InvocationRow | undefined>(
      async (stepIds) => {
        const rows = new Map(
          (await transaction(sql, { tenant }, (tx) => findStepInvocations(tx, { tenant, stepIds }))).map((row) => [
            row.stepId,
            row,
          ]),
        );
        return stepIds.map((id) => rows.get(id));
      },
      { maxBatchSize: KEYS_PER_READ },
    ),
    output: new DataLoader<string, string>(
      async (ids) => {
        const outputs = await transaction(sql, { tenant }, (tx) => readOutputs(tx, { tenant, invocationIds: ids }));
        return ids.map((id) => outputs.get(id) ?? "");
      },
      { maxBatchSize: OUTPUTS_PER_READ },
    ),
  }));
}

const pageKey = ({ page }: RunPage) => JSON.stringify(page);
const runPageKey = (asked: RunPage) => `${asked.runId} ${pageKey(asked)}`;

/** Runs that are asked for the same page in one tick share a statement. */
function invocationsOfRuns(sql: Sql, tenant: string): Loaders["ofRun"] {
  return new DataLoader<RunPage, RunInvocationRow[], string>(
    (asked) =>
      transaction(sql, { tenant }, async (tx) => {
        const found = new Map<string, RunInvocationRow[]>();
        for (const same of Map.groupBy(asked, pageKey).values()) {
          const { limit, ...between } = (same[0] as RunPage).page;
          const runIds = same.map(({ runId }) => runId);
          const rows = await listRunInvocations(tx, { tenant, runIds, ...between, limit: limit + 1 });
          const byRun = Map.groupBy(rows, (row) => row.runId);
          for (const one of same) found.set(runPageKey(one), byRun.get(one.runId) ?? []);
        }
        return asked.map((one) => found.get(runPageKey(one)) ?? []);
      }),
    { maxBatchSize: KEYS_PER_READ, cacheKeyFn: runPageKey },
  );
}
