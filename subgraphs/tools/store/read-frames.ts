import type { Tx } from "@soma/shared/postgres/connect";
import { queryOn } from "@soma/shared/postgres/query";
import { and, asc, eq, gt } from "drizzle-orm";
import { type FrameRow, streamFrame } from "./tables.ts";

export interface ReadFramesParams {
  tenant: string;
  invocationId: string;
  /** Number of the last frame the reader has; -1 for none. */
  after: number;
  limit: number;
}

/** Frames of an invocation after one, over all its attempts, in order. */
export async function readFrames(tx: Tx, params: ReadFramesParams): Promise<FrameRow[]> {
  return queryOn(tx)
    .select()
    .from(streamFrame)
    .where(
      and(
        eq(streamFrame.tenant, params.tenant),
        eq(streamFrame.invocationId, params.invocationId),
        gt(streamFrame.n, params.after),
      ),
    )
    .orderBy(asc(streamFrame.n))
    .limit(params.limit);
}
