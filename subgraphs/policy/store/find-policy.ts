import type { Tx } from "@soma/shared/postgres/connect";

/** A compiled policy by its digest. */
export async function findPolicy(tx: Tx, { digest }: { digest: string }): Promise<Uint8Array | undefined> {
  const [row] = await tx<{ wasm: Uint8Array }[]>`select wasm from policy_bundle where digest = ${digest}`;
  return row?.wasm;
}
