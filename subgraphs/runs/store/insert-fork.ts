import type { Json } from "@soma/schemas/json";
import type { Tx } from "@soma/shared/postgres/connect";
import { toStoredJson } from "../domain/big-values.ts";
import { keepValues } from "./keep-values.ts";

export interface InsertForkParams {
  runId: string;
  tenant: string;
  sessionId: string;
  graph: string;
  graphVersion: number;
  graphHash: string;
  role: string;
  modelProfile: string;
  input: Json;
  startedBy: string;
  deadline: Date;
  idemKey: string;
  idemDigest: string;
  traceParent: string;
  requestId: string;
  createdAt: Date;
  /** Whose event it goes on from, and how many signals the history it begins with has heard. */
  fork: { fromRunId: string; fromSeq: number; signals: number };
}

/** False when the tenant has a run under the same idempotency key; of two at once, one waits here for the other. */
export async function insertFork(tx: Tx, params: InsertForkParams): Promise<boolean> {
  const { fork, tenant } = params;
  const input = toStoredJson(params.input);
  const rows =
    await tx`insert into run (run_id, tenant, session_id, graph, graph_version, graph_hash, role, model_profile, input, started_by,
      priority, deadline, idem_key, idem_digest, trace_parent, request_id, created_at, available_at, forked_from_run_id, forked_from_seq, signals)
    values (${params.runId}, ${params.tenant}, ${params.sessionId}, ${params.graph}, ${params.graphVersion}, ${params.graphHash}, ${params.role},
      ${params.modelProfile}, ${tx.json(input.json as never)}, ${params.startedBy},
      (select r.priority from run r where r.run_id = ${fork.fromRunId}), ${params.deadline}, ${params.idemKey}, ${params.idemDigest},
      ${params.traceParent}, ${params.requestId}, ${params.createdAt}, clock_timestamp(), ${fork.fromRunId}, ${fork.fromSeq}, ${fork.signals})
    on conflict (tenant, idem_key) do nothing returning run_id`;
  if (rows.length === 0) return false;
  await keepValues(tx, { tenant, stored: [input] });
  return true;
}
