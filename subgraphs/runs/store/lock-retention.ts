import type { Tx } from "@soma/shared/postgres/connect";

/** The turn to remove what is of age (advisory, class 5), until the transaction ends; false when another worker has it. */
export async function lockRetention(tx: Tx): Promise<boolean> {
  const [row] = await tx<{ mine: boolean }[]>`select pg_try_advisory_xact_lock(5, hashtext(current_schema())) as mine`;
  return row?.mine === true;
}
