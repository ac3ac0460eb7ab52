import type { Tx } from "@soma/shared/postgres/connect";

/** A seal's columns under the names `AuditSealRow` has, for a select. */
export function sealColumns(tx: Tx) {
  return tx`tenant, number::float8 as number, first_seq::float8 as "firstSeq", size, head, previous, at,
    key_id as "keyId", signature`;
}
