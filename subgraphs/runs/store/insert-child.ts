import type { Tx } from "@soma/shared/postgres/connect";
import { toStoredJson, toStoredPayload } from "../domain/big-values.ts";
import { checkPublished } from "../domain/check-published.ts";
import { firstEvent } from "../domain/first-event.ts";
import type { NewRun } from "./begin-runs.ts";
import { keepValues } from "./keep-values.ts";

/** Where a run stands in a tree of runs. */
export interface TreePlace {
  parentRunId: string;
  /** Step and number of its call that starts it. */
  parentCall: string;
  rootRunId: string;
  /** Runs above it. */
  depth: number;
}

/** Makes a run below another one, its session and its first event, in the transaction that has locked the tree. */
export async function insertChild(
  tx: Tx,
  { run, place }: { run: Omit<NewRun, "priority">; place: TreePlace },
): Promise<void> {
  const first = firstEvent(run);
  checkPublished({ ...run, startedAt: null, parentRunId: place.parentRunId }, first);
  const { payload, payloadHash, hash } = first;
  const [input, event] = [toStoredJson(run.input), toStoredPayload(payload)];
  await tx`
    with s as (insert into session (tenant, session_id, created_by) values (${run.tenant}, ${run.sessionId}, ${run.startedBy})),
      r as (insert into run (run_id, tenant, session_id, graph, graph_version, graph_hash, role, model_profile, input, started_by,
          priority, deadline, idem_key, idem_digest, trace_parent, request_id, created_at, told_by_row, parent_run_id, parent_call, root_run_id, depth)
        values (${run.runId}, ${run.tenant}, ${run.sessionId}, ${run.graph}, ${run.graphVersion}, ${run.graphHash}, ${run.role},
          ${run.modelProfile}, ${tx.json(input.json as never)}, ${run.startedBy}, (select p.priority from run p where p.run_id = ${place.parentRunId}), ${run.deadline}, ${run.idemKey}, ${run.idemDigest},
          ${run.traceParent}, ${run.requestId}, ${run.createdAt}, true, ${place.parentRunId}, ${place.parentCall}, ${place.rootRunId}, ${place.depth}))
    insert into journal (run_id, seq, tenant, epoch, branch, kind, step, attempt, at, payload, payload_hash, hash)
      values (${run.runId}, 1, ${run.tenant}, 0, 0, 1, 0, 0, ${run.createdAt}, ${tx.json(event.json as never)},
        decode(${payloadHash}, 'hex'), decode(${hash}, 'hex'))`;
  await keepValues(tx, { tenant: run.tenant, stored: [input, event] });
}
