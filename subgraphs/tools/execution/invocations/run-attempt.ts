import { setTimeout as delay } from "node:timers/promises";
import type { Isolation, Tool } from "@soma/sdk/define-tool";
import { backoffMs } from "@soma/shared/backoff";
import { toSomaError } from "@soma/shared/errors";
import { clip, toStorableText } from "@soma/shared/json";
import type { Log } from "@soma/shared/log";
import { counter, durationHistogram } from "@soma/shared/metrics";
import type { Sql } from "@soma/shared/postgres/connect";
import { transaction } from "@soma/shared/postgres/transaction";
import type { WakeUp } from "@soma/shared/wake-up";
import { FULL_DISK } from "../../domain/full-disk.ts";
import { type Ending, type Outcome, toEnding } from "../../domain/invocation.ts";
import { appendDataFrames } from "../../store/append-data-frames.ts";
import { type Attempt, lockAttempt } from "../../store/lock-attempt.ts";
import type { Execution, ToolExecutor } from "../sandboxes/tool-executor.ts";
import { finishInvocation } from "./finish-invocation.ts";
import { createFrameWriter, type FrameWriter } from "./frame-writer.ts";
import { giveBackInvocation } from "./settle-lost-invocation.ts";

const RETRY = { initialMs: 100, maxMs: 2_000, minMs: 20 };
const MAX_MESSAGE_BYTES = 2_048;

const finished = counter("soma_tool_invocations_total", "Invocations by tool and how they ended", ["tool", "status"]);
const durations = durationHistogram("soma_tool_duration_seconds", "Seconds a tool ran", ["tool"]);

export interface RunAttemptDeps {
  /** Pool of the request role. */
  sql: Sql;
  executors: Record<Isolation, ToolExecutor>;
  wakeUp: WakeUp;
  dataDir: string;
  log: Log;
}

/** What an attempt is to do. */
export interface Work {
  tool: Tool;
  /** Where it runs; at least what the tool asks for. */
  level: Isolation;
  args: unknown;
  idempotencyKey: string;
  timeoutMs: number;
}

/** How an attempt is told to stop. */
export interface Stops {
  /** Somebody wants it canceled: its end says so. */
  cancel: AbortController;
  /** It is no longer this process's: nothing more is stored. */
  give: AbortController;
}

/**
 * Runs a claimed attempt and ends it in the database, or gives it back where it may run again and what it needs is not
 * there: then the reason, for who asked. Never throws.
 */
export async function runAttempt(
  deps: RunAttemptDeps,
  attempt: Attempt,
  work: Work,
  stops: Stops,
): Promise<string | undefined> {
  const { tenant, invocationId } = attempt;
  const log = deps.log.child({ invocation_id: invocationId, tenant, tool: work.tool.name });
  const writer = writerOf(deps, attempt, { maxBytes: work.tool.maxOutputBytes, give: stops.give, log });
  const started = performance.now();
  const outcome = await execute(deps, work, {
    context: { invocationId, idempotencyKey: work.idempotencyKey, tenant, dataDir: deps.dataDir },
    signal: AbortSignal.any([stops.cancel.signal, stops.give.signal]),
    onOutput: (text) => writer.write(text),
    log,
  });
  const executionMs = performance.now() - started;
  await writer.close(stops.give.signal);
  const noRoom = outcome.kind === "DISK_FULL" && work.tool.effect !== "at_most_once";
  const finish = { ...toStorableEnding(outcome), executionMs };
  const settle = () => (noRoom ? giveBackInvocation(deps.sql, attempt) : finishInvocation(deps.sql, attempt, finish));
  const mine = await untilStored(settle, stops.give.signal, log);
  if (mine !== true) return undefined;
  if (noRoom) {
    log.warn("an invocation found the disk of the data folder full and waits for its next call");
    return FULL_DISK;
  }
  finished.inc({ tool: work.tool.name, status: finish.status });
  durations.observe({ tool: work.tool.name }, executionMs / 1_000);
  return undefined;
}

async function execute(
  { executors }: RunAttemptDeps,
  { tool, level, args, timeoutMs }: Work,
  how: Omit<Execution, "tool" | "args" | "timeoutMs">,
): Promise<Outcome> {
  try {
    return await executors[level].execute({ ...how, tool, args, timeoutMs });
  } catch (error) {
    how.log.error({ err: error }, "a tool could not be run");
    return { kind: "ERROR", type: "internal", message: toSomaError(error).publicMessage };
  }
}

function writerOf(
  { sql, wakeUp }: RunAttemptDeps,
  attempt: Attempt,
  { maxBytes, give, log }: { maxBytes: number; give: AbortController; log: Log },
): FrameWriter {
  return createFrameWriter({
    maxBytes,
    log,
    onLost: () => give.abort(),
    async append(firstSeq, texts) {
      const owned = await transaction(sql, { tenant: attempt.tenant }, async (tx) => {
        if ((await lockAttempt(tx, attempt)) === undefined) return false;
        await appendDataFrames(tx, { ...attempt, firstSeq, texts });
        return true;
      });
      wakeUp.changed(attempt.invocationId);
      return owned;
    },
  });
}

function toStorableEnding(outcome: Outcome): Ending {
  const { error, ...ending } = toEnding(outcome);
  if (error === null) return { ...ending, error };
  return { ...ending, error: { type: error.type, message: clip(toStorableText(error.message), MAX_MESSAGE_BYTES) } };
}

/**
 * Tries until the end is stored or the attempt is given up: without it the invocation would run for ever. False when the
 * attempt is another's now, undefined when it was given up.
 */
async function untilStored(store: () => Promise<boolean>, given: AbortSignal, log: Log): Promise<boolean | undefined> {
  for (let failures = 1; !given.aborted; failures += 1) {
    try {
      const mine = await store();
      if (!mine) log.warn("an invocation was taken over by another process; its outcome here is dropped");
      return mine;
    } catch (cause) {
      log.error({ err: cause, failures }, "the end of an invocation could not be stored and is tried again");
      await delay(backoffMs(RETRY, failures), undefined, { signal: given }).catch(() => {});
    }
  }
  return undefined;
}
