import type { Tx } from "@soma/shared/postgres/connect";
import { invocationColumns } from "./invocation-columns.ts";
import type { InvocationRow } from "./tables.ts";

/** Where an invocation stands among those of its run. */
export interface InvocationPlace {
  /** Its `started_at` in microseconds since 1970, which a Date would cut to milliseconds. */
  startedMicros: string;
  invocationId: string;
}

/** An invocation that knows its run and its place there. */
export interface RunInvocationRow extends InvocationRow, InvocationPlace {
  runId: string;
}

interface ListRunInvocationsParams {
  tenant: string;
  /** The runs that made them. */
  owners: readonly string[];
  /** Only what stands after, or before, these places. */
  after?: InvocationPlace | undefined;
  before?: InvocationPlace | undefined;
  /** From the newest to the oldest. */
  backward: boolean;
  /** Invocations of one run at most. */
  limit: number;
}

/**
 * Invocations of each run between two places, oldest first or, backward, newest first. One walk of the index
 * invocation_by_run for each run, which reads no more rows than it gives.
 */
export async function listRunInvocations(tx: Tx, params: ListRunInvocationsParams): Promise<RunInvocationRow[]> {
  const { tenant, owners, after, before, backward, limit } = params;
  const direction = backward ? tx`desc` : tx`asc`;
  return tx<RunInvocationRow[]>`select listed.* from unnest(${[...owners]}::uuid[]) as asked (run_id)
    cross join lateral (
      select ${invocationColumns(tx)}, (extract(epoch from started_at) * 1000000)::bigint::text as "startedMicros"
      from invocation
      where tenant = ${tenant} and run_id = asked.run_id
        ${after === undefined ? tx`` : tx`and (started_at, invocation_id) > ${placeOf(tx, after)}`}
        ${before === undefined ? tx`` : tx`and (started_at, invocation_id) < ${placeOf(tx, before)}`}
      order by started_at ${direction}, invocation_id ${direction} limit ${limit}) listed
    order by listed."startedAt" ${direction}, listed."invocationId" ${direction}`;
}

function placeOf(tx: Tx, { startedMicros, invocationId }: InvocationPlace) {
  return tx`(timestamptz 'epoch' + ${startedMicros}::bigint * interval '1 microsecond', ${invocationId}::uuid)`;
}
