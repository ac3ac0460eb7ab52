import type { Log } from "@soma/shared/log";
import type { Sql } from "@soma/shared/postgres/connect";
import type { Incarnation } from "../../store/commit-batch.ts";
import type { RunContext } from "../execute/run-context.ts";
import { giveBack } from "./give-back.ts";

/** A run that a life executes. */
export interface RunningRun {
  context: RunContext;
  /** When it has ended here. */
  done: Promise<void>;
}

interface EndOncesParams {
  sql: Sql;
  owner: Incarnation;
  log: Log;
  runs: ReadonlyMap<string, RunningRun>;
  /** When it is too late to wait any longer. */
  late: Promise<void>;
}

/**
 * What must not be done twice is let go of when it has ended, the rest before: whoever goes on with it looks what was
 * done, and could not tell while it is under way here.
 */
export async function endOnces({ sql, owner, log, runs, late }: EndOncesParams): Promise<void> {
  const held = new Map([...runs].filter(([, { context }]) => context.isInOnce()));
  if (held.size === 0) return;
  log.info({ runs: held.size }, "what must not be done twice is waited for");
  const rest = giveBack(sql, owner, ({ runId, epoch }) => held.get(runId)?.context.run.epoch === epoch).catch(
    (error: unknown) => log.warn({ err: error }, "runs could not be handed back yet"),
  );
  await Promise.race([Promise.all([rest, ...[...held.values()].map(({ done }) => done)]), late]);
}
