import type { Tx } from "@soma/shared/postgres/connect";

interface RevisionParams {
  policyRevision: string;
  wasm: Uint8Array;
  dataRevision: string;
  data: string;
}

/** Keeps a compiled policy and data under their digests; what is kept already stays as it is. */
export async function insertRevision(tx: Tx, params: RevisionParams): Promise<void> {
  const { policyRevision, wasm, dataRevision, data } = params;
  await tx`with policy as (
      insert into policy_bundle (digest, wasm) values (${policyRevision}, ${Buffer.from(wasm)}) on conflict do nothing)
    insert into policy_data (digest, data) values (${dataRevision}, ${data}) on conflict do nothing`;
}
