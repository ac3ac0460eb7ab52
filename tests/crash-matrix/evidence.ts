import type { Sql } from "@soma/shared/postgres/connect";
import { transaction } from "@soma/shared/postgres/transaction";
import type { Effect, Evidence } from "../../subgraphs/runs/testing/evidence.ts";
import { readEvidence as readOf } from "../../subgraphs/runs/testing/read-evidence.ts";

/** The last entry of a run that somebody saw to be durable. */
export interface Head {
  seq: number;
  hash: string;
}

/** Something done outside, and what could be seen of its run then. */
export type SeenEffect = Effect & { head: Head | undefined };

interface ReadParams {
  owner: Sql;
  schema: string;
  runId: string;
  effects: readonly SeenEffect[];
  canceledAt: number | undefined;
}

/** Undefined while the server is away. */
export async function findHead(owner: Sql, runId: string): Promise<Head | undefined> {
  const [head] = await owner<Head[]>`
    select seq, encode(hash, 'hex') as hash from journal where run_id = ${runId} order by seq desc limit 1`.catch(
    () => [],
  );
  return head;
}

/** What is known of a run, and then of those that it has started. */
export async function readEvidence({ canceledAt, ...params }: ReadParams): Promise<Evidence[]> {
  const { owner, runId } = params;
  const children = await owner<{ runId: string }[]>`select run_id as "runId" from run where parent_run_id = ${runId}`;
  return Promise.all([
    readRun({ ...params, canceledAt }),
    ...children.map((child) => readRun({ ...params, runId: child.runId, canceledAt: undefined })),
  ]);
}

async function readRun({ owner, schema, runId, effects, canceledAt }: ReadParams): Promise<Evidence> {
  const booked = await owner<{ step: number }[]>`
    select step from ${owner(`${schema}_project`)}.booked where run_id = ${runId}`;
  const outside = effects.filter((effect) => effect.runId === runId);
  const seen = {
    runId,
    canceledAt,
    // What somebody else saw has to stay.
    acknowledged: outside.flatMap(({ head }) => head ?? []),
    effects: [
      ...outside,
      ...booked.map(({ step }): Effect => ({ class: "db", runId, step, attempt: 0, key: `${runId}.${step}` })),
    ],
  };
  return transaction(owner, {}, (tx) => readOf(tx, seen));
}
