import type { RequestContext } from "@soma/shared/graphql/context";
import type { Page } from "@soma/shared/graphql/page";
import { createPageLoader } from "@soma/shared/graphql/page-loader";
import type { Sql } from "@soma/shared/postgres/connect";
import { transaction } from "@soma/shared/postgres/transaction";
import DataLoader from "dataloader";
import { findInvocations } from "../store/find-invocations.ts";
import { findStepInvocations } from "../store/find-step-invocations.ts";
import { type InvocationPlace, listRunInvocations } from "../store/list-run-invocations.ts";
import { readOutputs } from "../store/read-outputs.ts";
import type { InvocationRow } from "../store/tables.ts";

/** Whole outputs in one statement; each may have a quarter of a megabyte. */
const OUTPUTS_PER_READ = 32;
const KEYS_PER_READ = 200;

/** One set per request: rows asked for in one tick come with one statement. */
export function loadersOf(sql: Sql, context: RequestContext) {
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
    ofRun: createPageLoader({
      sql,
      tenant,
      list: (tx, page: Page<InvocationPlace> & { owners: readonly string[] }) =>
        listRunInvocations(tx, { tenant, ...page }),
      ownerOf: (row) => row.runId,
    }),
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
