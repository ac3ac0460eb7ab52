import type { Tx } from "@soma/shared/postgres/connect";
import type { Attempt } from "./lock-attempt.ts";

/** Frames of the attempt from place `firstSeq` on. May be repeated: a place that is taken was written by the try before. Needs the row's lock. */
export async function appendDataFrames(
  tx: Tx,
  { tenant, invocationId, attempt }: Attempt,
  firstSeq: number,
  texts: readonly string[],
): Promise<void> {
  await tx`insert into stream_frame (tenant, invocation_id, attempt, seq, n, kind, data)
    select i.tenant, i.invocation_id, i.attempt, ${firstSeq}::int + t.place - 1, i.first_frame + ${firstSeq}::int + t.place - 1, 'data', t.data
    from invocation i cross join unnest(${[...texts]}::text[]) with ordinality t(data, place)
    where i.tenant = ${tenant} and i.invocation_id = ${invocationId} and i.attempt = ${attempt}
    on conflict (tenant, invocation_id, attempt, seq) do nothing`;
}
