import type { Tx } from "@soma/shared/postgres/connect";

interface CountGivenBackParams {
  tenant: string;
  invocationId: string;
}

/** Notes that the current attempt was given back and counts for nothing. Needs the row's lock. */
export async function countGivenBack(tx: Tx, { tenant, invocationId }: CountGivenBackParams): Promise<void> {
  await tx`update invocation set given_back = given_back + 1
    where tenant = ${tenant} and invocation_id = ${invocationId}`;
}
