import type { Tx } from "@soma/shared/postgres/connect";

/** A run that wrote a part of a history: its events after a number, up to another. */
export interface LineagePart {
  runId: string;
  afterSeq: number;
  upTo: number;
}

/** The runs that wrote a run's history, itself first. */
export async function findLineage(tx: Tx, { runId }: { runId: string }): Promise<LineagePart[]> {
  return tx<LineagePart[]>`
    select run_id as "runId", after_seq as "afterSeq", up_to as "upTo" from lineage(${runId}) order by after_seq desc`;
}
