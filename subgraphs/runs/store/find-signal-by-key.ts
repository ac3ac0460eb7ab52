import type { Tx } from "@soma/shared/postgres/connect";

/** The digest of the signal that was sent to a run under a key. */
export async function findSignalByKey(
  tx: Tx,
  { runId, idemKey }: { runId: string; idemKey: string },
): Promise<{ idemDigest: string } | undefined> {
  const [row] = await tx<{ idemDigest: string }[]>`
    select idem_digest as "idemDigest" from signal where run_id = ${runId} and idem_key = ${idemKey}`;
  return row;
}
