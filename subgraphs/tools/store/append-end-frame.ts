import type { StreamStatus } from "@soma/schemas/run-history";
import type { Tx } from "@soma/shared/postgres/connect";

interface AppendEndFrameParams {
  tenant: string;
  invocationId: string;
  attempt: number;
  status: StreamStatus;
}

/**
 * Ends the attempt's stream: size and digest are those of the frames that are stored, whoever wrote them. A stream that
 * has its end keeps it. Needs the row's lock. Gives the bytes of the stream.
 */
export async function appendEndFrame(tx: Tx, params: AppendEndFrameParams): Promise<number> {
  const { tenant, invocationId, attempt, status } = params;
  await tx`insert into stream_frame (tenant, invocation_id, attempt, seq, n, kind, status, bytes, sha256)
    select ${tenant}, ${invocationId}, ${attempt}, max(seq) + 1, max(n) + 1, 'end', ${status},
      octet_length(coalesce(string_agg(data, '' order by seq), '')),
      encode(sha256(convert_to(coalesce(string_agg(data, '' order by seq), ''), 'UTF8')), 'hex')
    from stream_frame where tenant = ${tenant} and invocation_id = ${invocationId} and attempt = ${attempt}
    having count(*) filter (where kind = 'end') = 0`;
  const [row] = await tx<{ bytes: number }[]>`select bytes from stream_frame
    where tenant = ${tenant} and invocation_id = ${invocationId} and attempt = ${attempt} and kind = 'end'`;
  if (row === undefined) throw new Error(`stream ${invocationId}.${attempt} has no end, though it was just written`);
  return row.bytes;
}
