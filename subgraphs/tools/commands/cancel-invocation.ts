import { SomaError } from "@soma/shared/errors";
import { checkIdempotencyKey } from "@soma/shared/idempotency-key";
import type { Principal } from "@soma/shared/identity/principal";
import { isId } from "@soma/shared/ids";
import type { Sql } from "@soma/shared/postgres/connect";
import { transaction } from "@soma/shared/postgres/transaction";
import type { WakeUp } from "@soma/shared/wake-up";
import type { ExecutorLife } from "../execution/invocations/executor-life.ts";
import type { InvocationRunner } from "../execution/invocations/invocation-runner.ts";
import { isFree } from "../execution/invocations/is-free.ts";
import { settleLostInvocation } from "../execution/invocations/settle-lost-invocation.ts";
import { findInvocations } from "../store/find-invocations.ts";
import { requestCancel } from "../store/request-cancel.ts";
import type { InvocationRow } from "../store/tables.ts";

export interface CancelInvocationDeps {
  /** Pool of the request role. */
  sql: Sql;
  runner: InvocationRunner;
  life: Pick<ExecutorLife, "isLost">;
  wakeUp: WakeUp;
}

interface CancelInvocationParams {
  invocationId: string;
  /** Asking twice changes nothing under any key, so it is checked and not kept. */
  idempotencyKey: string;
}

const POLL_MS = 250;
/** How long the answer waits for the tool to be stopped; the request stands after that. */
const WAIT_MS = 3_000;

/** Stops an invocation, wherever it runs, and gives it as it then is; one that has ended is given as it ended. */
export async function cancelInvocation(
  deps: CancelInvocationDeps,
  { tenant }: Principal,
  { invocationId, idempotencyKey }: CancelInvocationParams,
): Promise<InvocationRow> {
  checkIdempotencyKey(idempotencyKey);
  const read = async (): Promise<InvocationRow> => {
    const [row] = isId(invocationId)
      ? await transaction(deps.sql, { tenant }, (tx) => findInvocations(tx, { tenant, invocationIds: [invocationId] }))
      : [];
    if (row === undefined) throw new SomaError("NOT_FOUND", `invocation "${invocationId.slice(0, 60)}" does not exist`);
    return row;
  };
  let row = await read();
  if (row.status !== "RUNNING") return row;
  await transaction(deps.sql, { tenant }, (tx) => requestCancel(tx, { tenant, invocationId }));
  deps.runner.cancel(tenant, invocationId);
  const end = performance.now() + WAIT_MS;
  while (row.status === "RUNNING" && performance.now() < end) {
    const next = deps.wakeUp.next(invocationId, POLL_MS);
    if (await isFree(deps, row)) if (await settleLostInvocation(deps.sql, row)) deps.wakeUp.changed(invocationId);
    row = await read();
    if (row.status === "RUNNING") await next;
  }
  return row;
}
