import type { DecisionRecord, RecordedDecision } from "@soma/schemas/verdict/recorded-decision";
import type { Sql } from "@soma/shared/postgres/connect";
import { decisionColumns } from "../store/decision-columns.ts";
import type { DecisionRow } from "../store/tables.ts";

/** A tenant's decisions as they are stored, oldest first, with every policy and all data there are. */
export async function readRecorded(owner: Sql, tenant: string) {
  const rows = await owner<DecisionRow[]>`select ${decisionColumns(owner)} from decision
    where tenant = ${tenant} order by decision_id`;
  const inputs = await owner<{ digest: string; input: string }[]>`select digest, input from decision_input
    where tenant = ${tenant}`;
  const inputOf = new Map(inputs.map(({ digest, input }) => [digest, input]));
  const policies = await owner<{ wasm: Uint8Array }[]>`select wasm from policy_bundle`;
  const data = await owner<{ data: string }[]>`select data from policy_data`;
  return {
    decisions: rows.map((row): RecordedDecision => {
      const { decisionId: id, createdAt, expiresAt, ...recorded } = row;
      const record = toRecord(row, inputOf);
      return { ...recorded, id, createdAt: createdAt.toISOString(), expiresAt: expiresAt.toISOString(), record };
    }),
    policies: policies.map(({ wasm }) => wasm),
    data: data.map(({ data: text }) => text),
  };
}

function toRecord(
  { policyRevision, dataRevision, inputDigest }: DecisionRow,
  inputOf: ReadonlyMap<string, string>,
): DecisionRecord | null {
  if (policyRevision === null || dataRevision === null || inputDigest === null) return null;
  return { policyRevision, dataRevision, inputDigest, input: inputOf.get(inputDigest) ?? null };
}
