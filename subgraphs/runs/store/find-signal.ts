import type { SignalPayload } from "@soma/schemas/run-history";
import type { Sql } from "@soma/shared/postgres/connect";

/** The first signal of a name that a run has not heard, and how many of any name have come, both at one instant. */
export async function findSignal(
  sql: Sql,
  { runId, name, heard }: { runId: string; name: string; heard: readonly number[] },
): Promise<{ seen: number; signal: SignalPayload | undefined }> {
  const [row] = await sql<{ seen: number; signal: SignalPayload | null }[]>`
    select r.signals as seen, (
        select jsonb_build_object('no', s.no, 'name', s.name, 'payload', s.payload, 'sentBy', s.sent_by) from signal s
         where s.run_id = r.run_id and s.name = ${name} and s.no <> all (${[...heard]}::int[]) order by s.no limit 1) as signal
      from run r where r.run_id = ${runId}`;
  return { seen: row?.seen ?? 0, signal: row?.signal ?? undefined };
}
