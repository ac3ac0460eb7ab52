import type { RequestContext } from "@soma/shared/graphql/context";
import type { Sql } from "@soma/shared/postgres/connect";
import { transaction } from "@soma/shared/postgres/transaction";
import DataLoader from "dataloader";
import { findInvocations } from "../store/find-invocations.ts";
import { findStepInvocations } from "../store/find-step-invocations.ts";
import { listRunInvocations } from "../store/list-run-invocations.ts";
import { readOutputs } from "../store/read-outputs.ts";
import type { InvocationRow } from "../store/tables.ts";

const MAX_INVOCATIONS_PER_RUN = 500;
/** Whole outputs in one statement; each may have a quarter of a megabyte. */
const OUTPUTS_PER_READ = 32;
const KEYS_PER_READ = 200;

export interface Loaders {
  invocation: DataLoader<string, InvocationRow | undefined>;
  ofRun: DataLoader<string, InvocationRow[]>;
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
          (await transaction(sql, { tenant }, (tx) => findInvocations(tx, tenant, ids))).map((row) => [
            row.invocationId,
            row,
          ]),
        );
        return ids.map((id) => rows.get(id));
      },
      { maxBatchSize: KEYS_PER_READ },
    ),
    ofRun: new DataLoader<string, InvocationRow[]>(
      async (runIds) => {
        const rows = await transaction(sql, { tenant }, (tx) =>
          listRunInvocations(tx, tenant, runIds, MAX_INVOCATIONS_PER_RUN),
        );
        const byRun = Map.groupBy(rows, (row) => row.runId);
        return runIds.map((id) => byRun.get(id) ?? []);
      },
      { maxBatchSize: KEYS_PER_READ },
    ),
    ofStep: new DataLoader<string, InvocationRow | undefined>(
      async (stepIds) => {
        const rows = new Map(
          (await transaction(sql, { tenant }, (tx) => findStepInvocations(tx, tenant, stepIds))).map((row) => [
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
        const outputs = await transaction(sql, { tenant }, (tx) => readOutputs(tx, tenant, ids));
        return ids.map((id) => outputs.get(id) ?? "");
      },
      { maxBatchSize: OUTPUTS_PER_READ },
    ),
  }));
}
