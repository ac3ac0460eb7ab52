import type { SignalPayload } from "@soma/schemas/run-history";
import type { Tx } from "@soma/shared/postgres/connect";

/** How a question of a run was decided, and when; there is one decision at most under each name. */
export async function findDecision(
  tx: Tx,
  { runId, name }: { runId: string; name: string },
): Promise<(SignalPayload & { sentAt: Date }) | undefined> {
  const [row] = await tx<(SignalPayload & { sentAt: Date })[]>`
    select no, name, payload, sent_by as "sentBy", sent_at as "sentAt" from signal where run_id = ${runId} and name = ${name}`;
  return row;
}
