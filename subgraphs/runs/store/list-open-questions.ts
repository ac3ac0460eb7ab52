import type { ApprovalPayload } from "@soma/schemas/run-history";
import type { Tx } from "@soma/shared/postgres/connect";
import { bigOf, type MayReferRow, withWhole } from "./find-values.ts";

/** A question that waits for a person. */
export interface OpenQuestion {
  runId: string;
  step: number;
  askedAt: Date;
  /** As the history tells it; read through `payloadOf`. */
  payload: ApprovalPayload;
}

/**
 * Questions of runs that nobody has decided: each is what its step waits for where its events end, and no signal has
 * its name. One that was asked again counts once.
 */
export async function listOpenQuestions(tx: Tx, { runIds }: { runIds: readonly string[] }): Promise<OpenQuestion[]> {
  const rows: (OpenQuestion & MayReferRow)[] = await tx`
    select distinct on (a.run_id, a.step) a.run_id as "runId", a.step, a.at as "askedAt", a.payload, ${bigOf(tx, { tenant: "a.tenant", stored: "a.payload" })}
      from run r join journal a on a.run_id = r.run_id and a.kind = 30
     where r.run_id = any (${[...runIds]}::uuid[]) and r.status < 10
       and exists (select from in_effect(r.run_id) p where p.run_id = a.run_id and a.seq > p.after_seq and a.seq <= p.up_to)
       and not exists (select from signal s where s.run_id = a.run_id and s.name = a.payload ->> 'name')
       and a.payload ->> 'name' = (select j.payload ->> 'signal' from journal j
         where j.run_id = a.run_id and j.step = a.step and j.kind between 10 and 16 order by j.seq desc limit 1)
     order by a.run_id, a.step, a.seq desc`;
  return withWhole(tx, {
    rows,
    field: "payload",
    nameOf: ({ runId, step }) => `the question of step ${step} of run ${runId}`,
  });
}
