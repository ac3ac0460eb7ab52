import type { StreamFramePayload } from "@soma/schemas/run-history";
import {
  isParked,
  type NodeResult,
  type NodeSpec,
  type Parked,
  type RunInfo,
  type StepContext,
  type StreamWriter,
} from "../node.ts";
import type { StepServices } from "../services.ts";

/** What a step did, as its author wants to look at it. */
export interface Tried<S> {
  result: NodeResult<S>;
  /** What it waits for when it parked; its result is only its summary then. */
  parked: Parked | undefined;
  /** Frames in the order they were written; digests are left empty. */
  frames: StreamFramePayload[];
  /** Sentences that were logged. */
  logged: string[];
}

export interface TryStepParams<S> {
  state: S;
  run?: Partial<RunInfo>;
  /** Those the node uses; reaching for another one fails the step and names it. */
  services?: Partial<StepServices>;
  context?: Partial<
    Pick<
      StepContext,
      | "attempt"
      | "stepNumber"
      | "signal"
      | "canceled"
      | "now"
      | "woken"
      | "wakes"
      | "unsettled"
      | "unsettledSince"
      | "sql"
    >
  >;
}

/** A run with complete defaults. */
export const TEST_RUN: RunInfo = {
  runId: "01890000-0000-7000-8000-000000000001",
  tenant: "acme",
  sessionId: "01890000-0000-7000-8000-000000000002",
  input: { text: "hello" },
  role: "assistant",
  modelProfile: "scripted",
  createdAt: new Date(0),
  branch: 0,
};

/** Runs one node once, without an engine, a database or a network. */
export async function tryStep<S>(node: NodeSpec<S>, params: TryStepParams<S>): Promise<Tried<S>> {
  const run = { ...TEST_RUN, ...params.run };
  const { stepNumber = 1 } = params.context ?? {};
  const frames: StreamFramePayload[] = [];
  const logged: string[] = [];
  const note = (_fields: object, sentence: string): void => void logged.push(sentence);
  const context: StepContext = {
    run,
    stepId: `${run.runId}.${stepNumber}`,
    stepNumber,
    attempt: 1,
    woken: undefined,
    wakes: params.context?.woken === undefined ? 0 : 1,
    unsettled: false,
    signal: new AbortController().signal,
    canceled: () => false,
    services: onlyThese(params.services ?? {}),
    streams: recordInto(frames),
    log: { info: note, warn: note, error: note },
    now: () => new Date(0),
    ...params.context,
  };
  const given = await node.run(params.state, context);
  if (!isParked(given)) return { result: given, parked: undefined, frames, logged };
  return { result: { summary: given.summary }, parked: given, frames, logged };
}

function onlyThese(services: Partial<StepServices>): StepServices {
  return new Proxy(services as StepServices, {
    get(target, name) {
      if (Object.hasOwn(target, name)) return target[name as keyof StepServices];
      throw new Error(`the step reached for the service "${String(name)}", which the test does not give`);
    },
  });
}

/** Writes nowhere. */
export const noStreams: StreamWriter = { start: () => {}, data: () => {}, end: () => {}, copy: () => {} };

function recordInto(frames: StreamFramePayload[]): StreamWriter {
  const next = (stream: string): number => frames.filter((frame) => frame.stream === stream).length;
  return {
    start({ stream, tool = null, callId, contentType }) {
      frames.push({ delim: "start", stream, seq: next(stream), tool, call_id: callId, content_type: contentType });
    },
    data: (stream, data) => void frames.push({ stream, seq: next(stream), data }),
    end: (stream, status) =>
      void frames.push({ delim: "end", stream, seq: next(stream), status, bytes: 0, sha256: "" }),
    copy: (frame) => void frames.push(frame),
  };
}
