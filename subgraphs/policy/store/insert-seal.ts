import type { Tx } from "@soma/shared/postgres/connect";
import type { AuditLeafRow, AuditSealRow } from "./tables.ts";

/** Keeps a seal and the places of its events. A number or a place that is taken makes it throw. */
export async function insertSeal(tx: Tx, seal: AuditSealRow, leaves: readonly AuditLeafRow[]): Promise<void> {
  await tx`insert into audit_seal (tenant, number, first_seq, size, head, previous, at, key_id, signature)
    values (${seal.tenant}, ${seal.number}, ${seal.firstSeq}, ${seal.size}, ${seal.head}, ${seal.previous}, ${seal.at},
      ${seal.keyId}, ${seal.signature})`;
  await tx`insert into audit_leaf (tenant, seq, event_id, salt, details_digest)
    select ${seal.tenant}, ${seal.firstSeq}::bigint + n - 1, event_id, salt, digest
    from unnest(${leaves.map((leaf) => leaf.eventId)}::uuid[], ${leaves.map((leaf) => leaf.salt)}::text[],
      ${leaves.map((leaf) => leaf.detailsDigest)}::text[]) with ordinality l (event_id, salt, digest, n)`;
}
