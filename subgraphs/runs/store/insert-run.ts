import type { Json } from "@soma/schemas/json";
import type { Tx } from "@soma/shared/postgres/connect";

/** Where a run stands in a tree of runs. */
export interface TreePlace {
  parentRunId: string;
  /** Step and number of its call that starts it. */
  parentCall: string;
  rootRunId: string;
  /** Runs above it. */
  depth: number;
}

export interface InsertRunParams {
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
  createdAt: Date;
  /** Its place in the tree of the run that starts it; left out, it stands alone. */
  place?: TreePlace;
  /** Left out for a run that begins at its beginning. */
  fork?: { fromRunId: string; fromSeq: number; signals: number };
}

/** False when the tenant has a run under the same idempotency key; of two at once, one waits here for the other. */
export async function insertRun(tx: Tx, params: InsertRunParams): Promise<boolean> {
  const { parentRunId = null, parentCall = null, rootRunId = null, depth = 0 } = params.place ?? {};
  const rows =
    await tx`insert into run (run_id, tenant, session_id, graph, graph_version, graph_hash, role, model_profile, input, started_by,
      deadline, idem_key, idem_digest, trace_parent, created_at, available_at, parent_run_id, parent_call, root_run_id, depth,
      forked_from_run_id, forked_from_seq, signals)
    values (${params.runId}, ${params.tenant}, ${params.sessionId}, ${params.graph}, ${params.graphVersion}, ${params.graphHash}, ${params.role},
      ${params.modelProfile}, ${tx.json(params.input as never)}, ${params.startedBy}, ${params.deadline}, ${params.idemKey}, ${params.idemDigest},
      ${params.traceParent}, ${params.createdAt}, clock_timestamp(), ${parentRunId}, ${parentCall}, ${rootRunId}, ${depth},
      ${params.fork?.fromRunId ?? null}, ${params.fork?.fromSeq ?? null}, ${params.fork?.signals ?? 0})
    on conflict (tenant, idem_key) do nothing returning run_id`;
  return rows.length === 1;
}
