import type { Tx } from "@soma/shared/postgres/connect";

interface AppendDataFramesParams {
  tenant: string;
  invocationId: string;
  attempt: number;
  /** Place in the attempt's stream of the first text. */
  firstSeq: number;
  texts: readonly string[];
}

/**
 * Frames of the attempt from place `firstSeq` on. May be repeated: a place that is taken was written by the try before.
 * Needs the row's lock.
 */
export async function appendDataFrames(tx: Tx, params: AppendDataFramesParams): Promise<void> {
  const { tenant, invocationId, attempt, firstSeq, texts } = params;
  await tx`insert into stream_frame (tenant, invocation_id, attempt, seq, n, kind, data)
    select i.tenant, i.invocation_id, i.attempt, ${firstSeq}::int + t.place - 1,
      i.first_frame + ${firstSeq}::int + t.place - 1, 'data', t.data
    from invocation i cross join unnest(${[...texts]}::text[]) with ordinality t(data, place)
    where i.tenant = ${tenant} and i.invocation_id = ${invocationId} and i.attempt = ${attempt}
    on conflict (tenant, invocation_id, attempt, seq) do nothing`;
}
