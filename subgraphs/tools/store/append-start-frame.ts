import type { Tx } from "@soma/shared/postgres/connect";

interface AppendStartFrameParams {
  tenant: string;
  invocationId: string;
}

/** The first frame of the current attempt's stream. Belongs in the transaction that begins the attempt. */
export async function appendStartFrame(tx: Tx, { tenant, invocationId }: AppendStartFrameParams): Promise<void> {
  await tx`insert into stream_frame (tenant, invocation_id, attempt, seq, n, kind)
    select tenant, invocation_id, attempt, 0, first_frame, 'start' from invocation
    where tenant = ${tenant} and invocation_id = ${invocationId}`;
}
