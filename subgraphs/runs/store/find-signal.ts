import type { SignalPayload } from "@soma/schemas/run-history";
import type { Sql } from "@soma/shared/postgres/connect";
import { bigOf, type MayReferRow, withWhole } from "./find-values.ts";

/** With nulls, but for `seen`, where there is none. */
type FoundSignal = SignalPayload & { seen: number } & MayReferRow;

/** The first signal of a name that a run has not heard, and how many of any name have come, both at one instant. */
export async function findSignal(
  sql: Sql,
  { runId, name, heard }: { runId: string; name: string; heard: readonly number[] },
): Promise<{ seen: number; signal: SignalPayload | undefined }> {
  const rows: FoundSignal[] = await sql`
    select r.signals as seen, s.no, s.name, s.payload, s.sent_by as "sentBy", ${bigOf(sql, { tenant: "s.tenant", stored: "s.payload" })}
      from run r left join lateral (
        select * from signal x
         where x.run_id = r.run_id and x.name = ${name} and x.no <> all (${[...heard]}::int[]) order by x.no limit 1) s on true
     where r.run_id = ${runId}`;
  const [row] = await withWhole(sql, { rows, field: "payload", nameOf: ({ no }) => `signal ${no} of run ${runId}` });
  if (row === undefined) return { seen: 0, signal: undefined };
  const { seen, ...signal } = row;
  return { seen, signal: signal.no === null ? undefined : signal };
}
