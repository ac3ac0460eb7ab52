import type { Tx } from "@soma/shared/postgres/connect";

/** Data of policies by their digest, as canonical JSON. */
export async function findPolicyData(tx: Tx, { digest }: { digest: string }): Promise<string | undefined> {
  const [row] = await tx<{ data: string }[]>`select data from policy_data where digest = ${digest}`;
  return row?.data;
}
