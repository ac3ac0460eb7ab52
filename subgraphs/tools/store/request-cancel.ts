import type { Tx } from "@soma/shared/postgres/connect";

interface RequestCancelParams {
  tenant: string;
  invocationId: string;
}

/** Asks whoever runs the invocation to stop it; one that has ended is left as it is. */
export async function requestCancel(tx: Tx, { tenant, invocationId }: RequestCancelParams): Promise<void> {
  await tx`update invocation set cancel_requested = true
    where tenant = ${tenant} and invocation_id = ${invocationId} and status = 'RUNNING'`;
}
