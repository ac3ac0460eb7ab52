import type { Tx } from "@soma/shared/postgres/connect";

interface MarkLostParams {
  tenant: string;
  invocationId: string;
}

/** Notes since when an invocation has no executor; the first time stands. Needs the row's lock and its stream's end. */
export async function markLost(tx: Tx, { tenant, invocationId }: MarkLostParams): Promise<void> {
  await tx`update invocation set lost_at = clock_timestamp()
    where tenant = ${tenant} and invocation_id = ${invocationId} and lost_at is null`;
}
