import { newId } from "@soma/shared/ids";
import type { Log } from "@soma/shared/log";
import type { Sql } from "@soma/shared/postgres/connect";
import { beginIncarnation, type Incarnation, liveOn } from "@soma/shared/postgres/incarnation";
import { isDead, LOCK_CLASS } from "@soma/shared/postgres/liveness";
import { findExecutor } from "../../store/find-executor.ts";
import { registerExecutor } from "../../store/register-executor.ts";

/** The id under which this process owns what it runs; a new one after it lost its lock. */
export interface ExecutorLife {
  /** Undefined while the lock is lost and a new life has not begun: others may take over what runs here. */
  id(): string | undefined;
  /** True when the process of an executor is gone. */
  isLost(executorId: string): Promise<boolean>;
  close(): Promise<void>;
}

export interface ExecutorLifeOptions {
  /** Pools of the worker role; `liveness` is for the lock alone. */
  sql: { worker: Sql; liveness: Sql };
  log: Log;
}

export async function startExecutorLife(options: ExecutorLifeOptions): Promise<ExecutorLife> {
  const life = await liveOn(() => begin(options), options.log);
  return {
    id() {
      const { id, held } = life.current();
      return held() ? id : undefined;
    },
    isLost: (executorId) => isLost(options.sql.worker, executorId),
    // The row stays for the sweep of another process, which also ends what may still be open.
    close: life.close,
  };
}

async function begin({ sql, log }: ExecutorLifeOptions): Promise<Incarnation> {
  const incarnation = await beginIncarnation({
    liveness: sql.liveness,
    lockClass: LOCK_CLASS.EXECUTOR,
    async register() {
      const id = newId();
      return { id, no: await registerExecutor(sql.worker, { executorId: id }) };
    },
  });
  log.info({ executor_id: incarnation.id }, "tools are executed here");
  return incarnation;
}

async function isLost(worker: Sql, executorId: string): Promise<boolean> {
  const no = await findExecutor(worker, { executorId });
  return no === undefined || isDead(worker, LOCK_CLASS.EXECUTOR, no);
}
