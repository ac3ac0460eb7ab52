import { setTimeout as delay } from "node:timers/promises";
import type { Isolation, Tool } from "@soma/sdk/define-tool";
import { SomaError, toSomaError } from "@soma/shared/errors";
import { clip, toStorableText } from "@soma/shared/json";
import type { Log } from "@soma/shared/log";
import { type Loop, startLoop } from "@soma/shared/loop";
import { counter, durationHistogram, gauge } from "@soma/shared/metrics";
import type { Sql } from "@soma/shared/postgres/connect";
import { transaction } from "@soma/shared/postgres/transaction";
import { createSlots, type Slots } from "@soma/shared/slots";
import type { WakeUp } from "@soma/shared/wake-up";
import { type Outcome, toEnding } from "../../domain/invocation.ts";
import { appendDataFrames } from "../../store/append-data-frames.ts";
import { findCancelRequests } from "../../store/find-cancel-requests.ts";
import { type Attempt, lockAttempt } from "../../store/lock-attempt.ts";
import { createGuard, type Guard } from "../sandboxes/guard.ts";
import { inlineExecutor } from "../sandboxes/inline-executor.ts";
import { createProcessExecutor } from "../sandboxes/process-executor.ts";
import type { ToolExecutor } from "../sandboxes/tool-executor.ts";
import type { ExecutorLife } from "./executor-life.ts";
import { finishInvocation } from "./finish-invocation.ts";
import { createFrameWriter } from "./frame-writer.ts";
import { settleLostInvocation } from "./settle-lost-invocation.ts";

const WATCH_MS = 250;
/** How long running tools may go on while the process stops. */
const DRAIN_MS = 3_000;
const MAX_MESSAGE_BYTES = 2_048;

const finished = counter("soma_tool_invocations_total", "Invocations by tool and how they ended", ["tool", "status"]);
const durations = durationHistogram("soma_tool_duration_seconds", "Seconds a tool ran", ["tool"]);
const running = gauge("soma_tools_running", "Tools that run in this process", []);

export interface RunnerOptions {
  /** Pool of the request role for what belongs to a tenant, of the worker role for the watch. */
  sql: { request: Sql; worker: Sql };
  life: ExecutorLife;
  wakeUp: WakeUp;
  dataDir: string;
  concurrency: number;
  log: Log;
}

export interface Work {
  tool: Tool;
  args: unknown;
  idempotencyKey: string;
  timeoutMs: number;
}

/** Runs the attempts that were claimed for this process, and ends each of them in the database. */
export class InvocationRunner {
  readonly slots: Slots;
  readonly #options: RunnerOptions;
  readonly #running = new Map<
    string,
    { attempt: Attempt; cancel: AbortController; give: AbortController; done: Promise<void> }
  >();
  readonly #watch: Loop;
  readonly #guard: Guard;
  readonly #executors: Record<Isolation, ToolExecutor>;
  #closing = false;

  constructor(options: RunnerOptions) {
    this.#options = options;
    this.slots = createSlots(options.concurrency);
    this.#guard = createGuard(options.log);
    this.#executors = { none: inlineExecutor, process: createProcessExecutor(this.#guard) };
    this.#watch = startLoop({ name: "tools-watch", intervalMs: WATCH_MS, log: options.log, maxBackoffMs: 1_000 }, () =>
      this.#look(),
    );
  }

  /** The id a claim is made under; undefined until a lost lock was made good. Throws UNAVAILABLE when this process stops. */
  executorId(): string | undefined {
    if (this.#closing)
      throw new SomaError("UNAVAILABLE", "this tools process stops and starts nothing any more; ask again");
    return this.#options.life.id();
  }

  /** Runs a claimed attempt to its end, whether or not its caller still waits. Never throws. */
  run(attempt: Attempt, work: Work): Promise<void> {
    const cancel = new AbortController();
    const give = new AbortController();
    const done = this.#run(attempt, work, cancel, give).finally(() => {
      this.#running.delete(keyOf(attempt));
      running.set(this.#running.size);
      this.#options.wakeUp.changed(attempt.invocationId);
    });
    this.#running.set(keyOf(attempt), { attempt, cancel, give, done });
    running.set(this.#running.size);
    return done;
  }

  /** Stops an invocation that runs here. */
  cancel(tenant: string, invocationId: string): void {
    this.#running.get(keyOf({ tenant, invocationId }))?.cancel.abort();
  }

  /** Lets running tools end for a moment, gives the others up so that they go on elsewhere or are known to be lost. */
  async close(): Promise<void> {
    this.#closing = true;
    const all = [...this.#running.values()];
    const limit = new AbortController();
    await Promise.race([
      Promise.all(all.map(({ done }) => done)),
      delay(DRAIN_MS, undefined, { signal: limit.signal }).catch(() => {}),
    ]);
    limit.abort();
    await this.#watch.close();
    for (const { attempt, give, done } of this.#running.values()) {
      give.abort();
      await done;
      await settleLostInvocation(this.#options.sql.request, attempt);
    }
    await this.#guard.close();
  }

  async #run(attempt: Attempt, work: Work, cancel: AbortController, give: AbortController): Promise<void> {
    const { wakeUp, dataDir } = this.#options;
    const log = this.#options.log.child({
      invocation_id: attempt.invocationId,
      tenant: attempt.tenant,
      tool: work.tool.name,
    });
    const writer = createFrameWriter({
      maxBytes: work.tool.maxOutputBytes,
      log,
      onLost: () => give.abort(),
      append: async (firstSeq, texts) => {
        const owned = await transaction(this.#options.sql.request, attempt, async (tx) => {
          if ((await lockAttempt(tx, attempt)) === undefined) return false;
          await appendDataFrames(tx, attempt, firstSeq, texts);
          return true;
        });
        wakeUp.changed(attempt.invocationId);
        return owned;
      },
    });
    const { tenant, invocationId } = attempt;
    const started = performance.now();
    const outcome = await this.#executors[work.tool.isolation]
      .execute({
        tool: work.tool,
        args: work.args,
        context: { invocationId, idempotencyKey: work.idempotencyKey, tenant, dataDir },
        timeoutMs: work.timeoutMs,
        signal: AbortSignal.any([cancel.signal, give.signal]),
        onOutput: (text) => writer.write(text),
        log,
      })
      .catch((error: unknown): Outcome => {
        log.error({ err: error }, "a tool could not be run");
        return { kind: "ERROR", type: "internal", message: toSomaError(error).publicMessage };
      });
    const executionMs = performance.now() - started;
    await writer.close(give.signal);
    await this.#finish(attempt, work.tool.name, outcome, executionMs, give.signal, log);
  }

  /** Tries until the end is stored or the invocation is given up: without it the invocation would run for ever. */
  async #finish(
    attempt: Attempt,
    tool: string,
    outcome: Outcome,
    executionMs: number,
    given: AbortSignal,
    log: Log,
  ): Promise<void> {
    const ending = toEnding(outcome);
    const error =
      ending.error === null
        ? null
        : { type: ending.error.type, message: clip(toStorableText(ending.error.message), MAX_MESSAGE_BYTES) };
    for (let failures = 0; !given.aborted; ) {
      try {
        const mine = await finishInvocation(this.#options.sql.request, attempt, { ...ending, error, executionMs });
        if (!mine) return log.warn("an invocation was taken over by another process; its outcome here is dropped");
        finished.inc({ tool, status: ending.status });
        durations.observe({ tool }, executionMs / 1_000);
        return;
      } catch (cause) {
        failures += 1;
        log.error({ err: cause, failures }, "the end of an invocation could not be stored and is tried again");
        await delay(20 + Math.random() * Math.min(2_000, 50 * 2 ** Math.min(failures, 10)), undefined, {
          signal: given,
        }).catch(() => {});
      }
    }
  }

  /** Hears cancel requests of other processes; without the lock everything that runs here is given up and a new life begins. */
  async #look(): Promise<boolean> {
    const { life, sql } = this.#options;
    const id = life.id();
    if (id === undefined) {
      for (const { give } of this.#running.values()) give.abort();
      await life.revive();
    } else if (this.#running.size > 0) {
      for (const { tenant, invocationId } of await findCancelRequests(sql.worker, id))
        this.cancel(tenant, invocationId);
    }
    return false;
  }
}

function keyOf({ tenant, invocationId }: { tenant: string; invocationId: string }): string {
  return `${tenant}/${invocationId}`;
}
