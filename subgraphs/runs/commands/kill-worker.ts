import { SomaError } from "@soma/shared/errors";
import type { RequestContext } from "@soma/shared/graphql/context";
import { checkIdempotencyKey } from "@soma/shared/idempotency-key";
import type { HeldRun } from "../domain/worker-death.ts";
import { requireOperator } from "./require-operator.ts";

/** A worker process that belongs to this product, as who started it knows it. */
export interface WorkerProcess {
  /** Whether it takes runs. */
  isReady(): boolean;
  /** What it executes, of all tenants. */
  runs(): Promise<readonly HeldRun[]>;
  /** How often it died. */
  deaths(): number;
  lastDeath(): { at: Date; held: readonly HeldRun[] } | undefined;
  /** Kills it; resolves when it is dead and its runs are known. The same key kills once. */
  kill(key: string): Promise<void>;
}

/** Kills the worker process for an operator. There is none in production. */
export async function killWorker(
  worker: WorkerProcess | undefined,
  { principal, log }: Pick<RequestContext, "principal" | "log">,
  { idempotencyKey }: { idempotencyKey: string },
): Promise<WorkerProcess> {
  requireOperator(principal);
  checkIdempotencyKey(idempotencyKey);
  if (worker === undefined)
    throw new SomaError(
      "NOT_FOUND",
      "there is no worker process to kill: only `npm start` without a project has one, and with SOMA_FIRST_MINUTES=on",
    );
  log.warn({ by: principal.subject, tenant: principal.tenant }, "somebody kills the worker process");
  await worker.kill(`${principal.tenant}/${idempotencyKey}`);
  return worker;
}
