import type { SignalPayload } from "@soma/schemas/run-history";
import type { Tx } from "@soma/shared/postgres/connect";
import { bigOf, type MayReferRow, withWhole } from "./find-values.ts";

/** How a question of a run was decided, and when; there is one decision at most under each name. */
export async function findDecision(
  tx: Tx,
  { runId, name }: { runId: string; name: string },
): Promise<(SignalPayload & { sentAt: Date }) | undefined> {
  const rows = await tx<(SignalPayload & { sentAt: Date } & MayReferRow)[]>`
    select no, name, payload, sent_by as "sentBy", sent_at as "sentAt", ${bigOf(tx, { tenant: "tenant", stored: "payload" })}
      from signal where run_id = ${runId} and name = ${name}`;
  const [decision] = await withWhole(tx, {
    rows,
    field: "payload",
    nameOf: ({ no }) => `signal ${no} of run ${runId}`,
  });
  return decision;
}
