import { EVENT_KIND, type EventKind, isStepEnd } from "@soma/schemas/run-history";
import type { Tx } from "@soma/shared/postgres/connect";
import { isRunEnd } from "../domain/history.ts";
import type { HeldRun, SeenRun } from "../domain/worker-death.ts";

const KINDS = Object.keys(EVENT_KIND) as EventKind[];
const codesOf = (kinds: readonly EventKind[]): number[] => kinds.map((kind) => EVENT_KIND[kind]);
/** By which a run goes on: what is written of its steps, that it waits, and its end. */
const GOING_ON = codesOf(
  KINDS.filter((kind) => kind.startsWith("STEP_") || kind === "RUN_PARKED" || isRunEnd({ kind })),
);
const STEP_ENDS = codesOf(KINDS.filter(isStepEnd));

/**
 * What became of runs whose worker died, by their histories alone: whether the newest event of then is still there, when
 * another owner first wrote of a step or of the end, and how many steps ended twice.
 */
export async function lookAtHeldRuns(tx: Tx, { held }: { held: readonly HeldRun[] }): Promise<SeenRun[]> {
  const [ids, seqs, epochs] = [held.map((run) => run.runId), held.map((run) => run.headSeq), held.map((r) => r.epoch)];
  return tx<SeenRun[]>`
    select h.run_id as "runId", r.status, head.hash as "headHash", back.at as "backAt", twice.steps as "twice"
      from unnest(${ids}::uuid[], ${seqs}::int[], ${epochs}::int[]) h(run_id, seq, epoch)
      join run r on r.run_id = h.run_id
      left join lateral (select encode(j.hash, 'hex') as hash from journal j where j.run_id = h.run_id and j.seq = h.seq) head on true
      left join lateral (select j.at from journal j where j.run_id = h.run_id and j.seq > h.seq and j.epoch > h.epoch
        and j.kind = any(${GOING_ON}::smallint[]) order by j.seq limit 1) back on true
      cross join lateral (select count(*)::int as steps from (select from journal j where j.run_id = h.run_id and j.kind = any(${STEP_ENDS}::smallint[])
        group by j.step having count(*) > 1) ended) twice`;
}
