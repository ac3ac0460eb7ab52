import type { NodeSpec, Wake } from "@soma/sdk/node";
import { durationHistogram } from "@soma/shared/metrics";
import type { SpanContext } from "@soma/shared/telemetry";
import type { EntryStep, Journal } from "../journal/journal.ts";
import type { Halt } from "./halt.ts";
import type { RunContext } from "./run-context.ts";
import type { RunLimits } from "./run-limits.ts";
import type { OpenStep, Scope } from "./scope.ts";
import { StepStreams } from "./step-streams.ts";

const durations = durationHistogram("orchestrator_node_duration_seconds", "Steps by node type and how they ended", [
  "node_type",
  "status",
]);

/** One try of a step. */
export interface Attempt<S> {
  context: RunContext;
  journal: Journal;
  halt: Halt;
  limits: RunLimits;
  spec: NodeSpec<S>;
  scope: Scope;
  state: S;
  step: EntryStep;
  startedAt: Date;
  summary: string;
  streams: StepStreams;
  woken: Wake | undefined;
  wakes: number;
  unsettled: boolean;
  unsettledSince: Date | undefined;
  /** Span of what was tried before of the step, as far as it is known here; and its own, once it has one. */
  spanBefore: SpanContext | undefined;
  span: SpanContext | undefined;
  observe: (labels: { status: string }) => void;
}

export interface AttemptParams<S>
  extends Omit<Attempt<S>, "state" | "startedAt" | "summary" | "streams" | "unsettledSince" | "span" | "observe"> {
  unsettledSince: OpenStep["unsettledSince"];
  earlier: OpenStep["streams"];
}

export function toAttempt<S>({ earlier, ...params }: AttemptParams<S>): Attempt<S> {
  const { context, journal, spec, scope, step } = params;
  const { state } = scope;
  const streams = new StepStreams((entry) => journal.write({ ...entry, step }), earlier);
  const startedAt = context.now();
  const summary = lineOf(params, () => spec.summary?.(state)) ?? step.node;
  const observe = durations.startTimer({ node_type: spec.type });
  const unsettledSince = params.unsettled ? (params.unsettledSince ?? startedAt) : undefined;
  return { ...params, unsettledSince, state, startedAt, summary, streams, span: undefined, observe };
}

/** What a node says of its step; a step is not lost because nothing can be said of it. */
export function lineOf<S>(
  { context, step }: Pick<Attempt<S>, "context" | "step">,
  say: () => string | undefined,
): string | undefined {
  try {
    return say();
  } catch (err) {
    context.log.warn({ err, node: step.node }, "a node cannot say what its step is about");
    return undefined;
  }
}
