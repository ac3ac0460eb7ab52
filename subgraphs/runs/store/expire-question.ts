import type { SignalPayload } from "@soma/schemas/run-history";
import { newId } from "@soma/shared/ids";
import type { Tx } from "@soma/shared/postgres/connect";
import { appendSignal } from "./append-signal.ts";
import { findSignal } from "./find-signal.ts";
import { lockRun } from "./lock-run.ts";

/**
 * Decides a question by its time, under the lock under which people decide it: whoever comes first has decided. Gives what
 * was decided, whoever did.
 */
export async function expireQuestion(
  tx: Tx,
  params: { runId: string; tenant: string; name: string },
): Promise<SignalPayload> {
  const { runId, name } = params;
  await lockRun(tx, { runId });
  const { signal } = await findSignal(tx, { runId, name, heard: [] });
  if (signal !== undefined) return signal;
  const expired = { name, payload: { approved: null }, sentBy: "engine" };
  const no = await appendSignal(tx, { ...params, ...expired, idemKey: newId(), idemDigest: "" });
  return { no, ...expired };
}
