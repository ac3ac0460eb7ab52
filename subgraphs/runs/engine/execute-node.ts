import { setTimeout as sleep } from "node:timers/promises";
import { type ErrorCode, SomaError, toSomaError } from "@soma/shared/errors";
import type { Json } from "@soma/shared/json";
import { durationHistogram } from "@soma/shared/metrics";
import { withSpan } from "@soma/shared/telemetry";
import { backoffMs, type RetryPolicy } from "../domain/backoff.ts";
import { stepIdOf } from "../domain/history.ts";
import type { Graph, NodeResult } from "./graph.ts";
import type { Journal } from "./journal.ts";
import type { Position } from "./replay.ts";
import type { RunContext } from "./run-context.ts";
import type { StepContext } from "./step-context.ts";
import { StepStreams } from "./streams.ts";

const DEFAULT_RETRY: RetryPolicy = { maxAttempts: 3, initialMs: 200, maxMs: 5_000 };

const durations = durationHistogram("orchestrator_node_duration_seconds", "Steps by node type and how they ended", [
  "node_type",
  "status",
]);

/** What stops a run at a step: it failed for good, or it was canceled. */
export class StepStopped extends Error {
  readonly outcome: "FAILED" | "CANCELED";
  readonly error: { code: ErrorCode; message: string };

  constructor(outcome: "FAILED" | "CANCELED", error: { code: ErrorCode; message: string }) {
    super(error.message);
    this.outcome = outcome;
    this.error = error;
  }
}

/**
 * Executes the node at a position until it ends, and writes everything that happens into the history. Before a node with
 * effects runs, the history up to its start is durable; that row is also where a cancel request is seen last.
 */
export async function executeNode<S>(
  context: RunContext,
  graph: Graph<S>,
  journal: Journal,
  position: Position<S>,
): Promise<NodeResult<S>> {
  const { node: id, stepNumber: number } = position;
  if (id === undefined) throw new Error("the run is at its end");
  const spec = graph.node(id);
  const retry = spec.retry ?? DEFAULT_RETRY;
  let { attempts, failures } = position;

  for (;;) {
    attempts += 1;
    const step = { number, node: id, nodeType: spec.type, attempt: attempts };
    const startedAt = context.now();
    const summary = spec.summary?.(position.state) ?? id;
    const streams = new StepStreams(
      (kind, frame) => journal.write({ kind, step, payload: frame as { [key: string]: Json } }),
      position.streams,
    );
    if (spec.copiesStreams !== true) streams.closeAll("INTERRUPTED");
    if (spec.pure !== true) {
      journal.write({ kind: "STEP_STARTED", step, payload: { summary } });
      await journal.barrier();
    }
    const ended = (): { latencyMs: number; startedAt: string } => ({
      latencyMs: context.now().getTime() - startedAt.getTime(),
      startedAt: startedAt.toISOString(),
    });
    const observe = durations.startTimer({ node_type: spec.type });
    try {
      context.throwIfCanceled();
      const attributes = { "soma.run_id": context.run.runId, "soma.node_id": id, "soma.attempt": attempts };
      const { result, spanId } = await withSpan(`step ${spec.type}`, attributes, async (span) => {
        const stepContext: StepContext = {
          run: context.run,
          stepId: stepIdOf(context.run.runId, number),
          stepNumber: number,
          attempt: attempts,
          signal: context.signal,
          principal: context.principal,
          services: context.services,
          streams,
          log: context.log,
          now: context.now,
        };
        return { result: await spec.run(position.state, stepContext), spanId: span.spanContext().spanId };
      });
      streams.closeAll("OK");
      const kind = result.denied === true ? "STEP_DENIED" : "STEP_SUCCEEDED";
      journal.write({
        kind,
        step,
        payload: {
          ...ended(),
          summary: result.summary,
          outputSummary: kind === "STEP_DENIED" ? "denied" : "done",
          spanId,
          output: result.output ?? null,
          patch: (result.patch ?? {}) as Json,
        },
      });
      observe({ status: kind });
      return result;
    } catch (error) {
      if (context.lost()) throw error;
      const known = toSomaError(error);
      if (known.code === "FENCED") throw error;
      const canceled = context.canceled();
      streams.closeAll(canceled ? "CANCELED" : "ERROR");
      const shown = { code: known.code, message: known.publicMessage };
      observe({ status: canceled ? "STEP_CANCELED" : "STEP_FAILED" });
      if (canceled) {
        journal.write({
          kind: "STEP_CANCELED",
          step,
          payload: { ...ended(), summary, error: { code: "CANCELED", message: "the run was canceled" } },
        });
        throw new StepStopped("CANCELED", { code: "CANCELED", message: "the run was canceled" });
      }
      failures += 1;
      if (known.code === "INTERNAL") context.log.error({ err: error, node: id }, "a step failed unexpectedly");
      if (!known.retryable || failures >= retry.maxAttempts) {
        journal.write({ kind: "STEP_FAILED", step, payload: { ...ended(), summary, error: shown } });
        throw new StepStopped("FAILED", shown);
      }
      const delayMs = backoffMs(retry, failures, Math.random());
      journal.write({ kind: "STEP_RETRIED", step, payload: { attempt: attempts, delayMs, error: shown } });
      await sleep(delayMs, undefined, { signal: context.signal }).catch(() => {});
      if (context.lost()) throw new SomaError("CANCELED", "the worker stops", { cause: error });
    }
  }
}
