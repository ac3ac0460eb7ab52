import { newId } from "@soma/shared/ids";
import type { Log } from "@soma/shared/log";
import type { Sql } from "@soma/shared/postgres/connect";
import { holdLiveness, isDead, type Liveness, LOCK_CLASS } from "@soma/shared/postgres/liveness";
import { findExecutor } from "../../store/find-executor.ts";
import { registerExecutor } from "../../store/register-executor.ts";

/** The id under which this process owns what it runs; a new one after it lost its lock. */
export interface ExecutorLife {
  /** Undefined once the lock was lost: others may take over what runs here. */
  id(): string | undefined;
  /** Registers anew after the lock was lost. */
  revive(): Promise<void>;
  /** True when the process of an executor is gone. */
  isLost(executorId: string): Promise<boolean>;
  close(): Promise<void>;
}

export interface ExecutorLifeOptions {
  /** Pools of the worker role; `liveness` is for the lock alone. */
  sql: { worker: Sql; liveness: Sql };
  log: Log;
}

export async function startExecutorLife({ sql, log }: ExecutorLifeOptions): Promise<ExecutorLife> {
  let current = await begin();

  async function begin(): Promise<{ id: string; liveness: Liveness }> {
    const id = newId();
    const no = await registerExecutor(sql.worker, id);
    const liveness = await holdLiveness(sql.liveness, LOCK_CLASS.EXECUTOR, no);
    log.info({ executor_id: id }, "tools are executed here");
    return { id, liveness };
  }

  return {
    id: () => (current.liveness.held() ? current.id : undefined),
    async revive() {
      await current.liveness.close();
      current = await begin();
    },
    isLost: (executorId) => isLost(sql.worker, executorId),
    // The row stays for the sweep of another process, which also ends what may still be open.
    close: () => current.liveness.close(),
  };
}

async function isLost(worker: Sql, executorId: string): Promise<boolean> {
  const no = await findExecutor(worker, executorId);
  return no === undefined || isDead(worker, LOCK_CLASS.EXECUTOR, no);
}
