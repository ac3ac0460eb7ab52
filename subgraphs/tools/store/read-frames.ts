import type { Tx } from "@soma/shared/postgres/connect";
import type { FrameRow } from "./tables.ts";

interface ReadFramesParams {
  tenant: string;
  invocationId: string;
  /** Number of the last frame the reader has; -1 for none. */
  after: number;
  limit: number;
}

/** Frames of an invocation after one, over all its attempts, in order. */
export async function readFrames(
  tx: Tx,
  { tenant, invocationId, after, limit }: ReadFramesParams,
): Promise<FrameRow[]> {
  return tx<
    FrameRow[]
  >`select tenant, invocation_id as "invocationId", attempt, seq, n, kind, data, status, bytes, sha256,
      created_at as "createdAt"
    from stream_frame where tenant = ${tenant} and invocation_id = ${invocationId} and n > ${after}
    order by n limit ${limit}`;
}
