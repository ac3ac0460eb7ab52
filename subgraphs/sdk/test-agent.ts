import type { Json, JsonObject } from "@soma/schemas/json";
import type { Graph } from "./graph.ts";
import {
  isParked,
  type NodeResult,
  type NodeSpec,
  type Parked,
  type RunInfo,
  type StepContext,
  type Wake,
} from "./node.ts";
import { countTry, DEFAULT_RETRY, NO_TRIES, nextTry, type Tries } from "./retries.ts";
import { toFailedTry } from "./testing/errors.ts";
import { createTestServices, type TestedCall, type TestServicesParams } from "./testing/services.ts";
import { noStreams, TEST_RUN } from "./testing/step.ts";

export interface TestAgentParams extends Omit<TestServicesParams, "now"> {
  /** Of the run; a text stands for `{ text }`. */
  input?: string | JsonObject;
  /** Signals the run is sent, in order; each wakes one step that waits for its name. */
  signals?: readonly { name: string; payload?: Json; sentBy?: string }[];
  run?: Partial<RunInfo>;
  /** When the run begins. Waits, retries and parks take no time: the clock jumps. */
  now?: Date;
}

/** A step as its history would tell of it. */
export interface TestedStep {
  number: number;
  node: string;
  status: "SUCCEEDED" | "DENIED" | "FAILED" | "PARKED";
  attempts: number;
  /** What it waited for, in order: a time, or the name of a signal. */
  waits: string[];
  summary: string;
  output: Json;
}

export interface TestedRun<S> {
  /** PARKED: it waits for a signal that the test does not send. CANCELED: its deadline came. */
  status: "SUCCEEDED" | "FAILED" | "PARKED" | "CANCELED";
  steps: TestedStep[];
  /** Names of the nodes in the order they were executed. */
  path: string[];
  state: S;
  answer: string | undefined;
  error: { code: string; message: string } | undefined;
  calls: TestedCall[];
  /** What the run would have taken. */
  tookMs: number;
}

/** A run is canceled after this long, as the engine does. */
const RUN_LIMIT_MS = 3_600_000;
const MAX_STEPS = 500;

/**
 * Runs an agent in memory: by the rules of the engine, with a model and tools that the test gives, and with a clock that
 * jumps over every wait. Nothing is stored, so what dying processes would do is not shown; the engine's own tests do that.
 *
 *   const { status, answer, path } = await testAgent(refund, { input: "A-17", tools: { find_order: () => "paid" } });
 */
export async function testAgent<S>(graph: Graph<S>, params: TestAgentParams = {}): Promise<TestedRun<S>> {
  const clock = { at: params.now ?? new Date("2026-01-01T00:00:00Z") };
  const now = (): Date => new Date(clock.at);
  const input = typeof params.input === "string" ? { text: params.input } : (params.input ?? TEST_RUN.input);
  const { services, calls } = createTestServices({ ...params, now });
  const world: World = {
    clock,
    services,
    run: { ...TEST_RUN, createdAt: now(), ...params.run, input },
    signals: [...(params.signals ?? [])],
    deadline: new Date(clock.at.getTime() + RUN_LIMIT_MS),
  };
  const startedAt = clock.at.getTime();
  const { state, ...ended } = await walk(graph, world);
  const { steps } = ended;
  return {
    ...ended,
    path: steps.map(({ node }) => node),
    state,
    answer: ended.status === "SUCCEEDED" ? graph.answer(state) : undefined,
    calls,
    tookMs: clock.at.getTime() - startedAt,
  };
}

interface World {
  clock: { at: Date };
  services: StepContext["services"];
  run: RunInfo;
  signals: { name: string; payload?: Json; sentBy?: string }[];
  deadline: Date;
}

type Walked<S> = Pick<TestedRun<S>, "status" | "steps" | "state" | "error">;

async function walk<S>(graph: Graph<S>, world: World): Promise<Walked<S>> {
  const steps: TestedStep[] = [];
  let state = graph.initial();
  for (let node: string | undefined = graph.entry; node !== undefined; node = graph.next(node, state)) {
    if (steps.length >= MAX_STEPS)
      return {
        status: "FAILED",
        steps,
        state,
        error: { code: "LIMIT_EXCEEDED", message: `more than ${MAX_STEPS} steps` },
      };
    const step: TestedStep = {
      number: steps.length + 1,
      node,
      status: "SUCCEEDED",
      attempts: 0,
      waits: [],
      summary: "",
      output: null,
    };
    steps.push(step);
    const ended = await execute(graph.node(node), state, step, world);
    if ("status" in ended) return { ...ended, steps, state };
    // As the history keeps it: what JSON cannot hold is gone, in a test as after a take-over.
    state = graph.fold(state, JSON.parse(JSON.stringify(ended.patch ?? {})) as Partial<S>);
    Object.assign(step, {
      status: ended.denied === true ? "DENIED" : "SUCCEEDED",
      summary: ended.summary,
      output: ended.output ?? null,
    });
  }
  return { status: "SUCCEEDED", steps, state, error: undefined };
}

type Stopped = Pick<Walked<unknown>, "error"> & { status: "FAILED" | "PARKED" | "CANCELED" };

/** One step, over its attempts and parks. */
async function execute<S>(
  spec: NodeSpec<S>,
  state: S,
  step: TestedStep,
  world: World,
): Promise<NodeResult<S> | Stopped> {
  const { clock } = world;
  const retry = spec.retry ?? DEFAULT_RETRY;
  let tries: Tries = NO_TRIES;
  let woken: Wake | undefined;
  let wakes = 0;
  step.attempts = 1;
  for (;;) {
    const beganAt = clock.at;
    try {
      const given = await spec.run(state, toContext(step, { woken, wakes }, world));
      if (!isParked(given)) return given;
      const next = await wake(given, step, world);
      if ("status" in next) return next;
      woken = next;
      wakes += 1;
    } catch (error) {
      const failed = toFailedTry(error);
      tries = countTry(retry, failed.code, tries, { beganAt, endedAt: clock.at });
      const next = nextTry(retry, failed, tries, clock.at);
      const { code, message } = failed;
      if (next === undefined && spec.giveUp !== undefined) return spec.giveUp(state, { code, message });
      if (next === undefined) return fail(step, { code, message });
      const backoffMs = Math.min(next.backoff.maxMs, next.backoff.initialMs * 2 ** (next.failures - 1));
      const stopped = jumpTo(new Date(clock.at.getTime() + Math.max(next.atLeastMs, backoffMs)), world);
      if (stopped !== undefined) return stopped;
      step.attempts += 1;
    }
  }
}

function fail(step: TestedStep, error: { code: string; message: string }): Stopped {
  Object.assign(step, { status: "FAILED", summary: error.message });
  return { status: "FAILED", error };
}

/** What wakes a step that parked: a signal that was sent already, else the time. */
async function wake(
  { parkedUntil, parkedForSignal, summary }: Parked,
  step: TestedStep,
  world: World,
): Promise<Wake | Stopped> {
  step.waits.push(parkedForSignal ?? parkedUntil?.toISOString() ?? "");
  Object.assign(step, { status: "PARKED", summary });
  const at = world.signals.findIndex(({ name }) => name === parkedForSignal);
  const [signal] = at < 0 ? [] : world.signals.splice(at, 1);
  if (signal !== undefined)
    return { by: "SIGNAL", name: signal.name, payload: signal.payload ?? null, sentBy: signal.sentBy ?? "user:test" };
  if (parkedUntil === undefined) return { status: "PARKED", error: undefined };
  return jumpTo(parkedUntil, world) ?? { by: "TIME" };
}

/** Nothing takes time but waiting; a run whose deadline comes first is canceled then. */
function jumpTo(at: Date, { clock, deadline }: World): Stopped | undefined {
  if (at > clock.at) clock.at = at > deadline ? deadline : at;
  if (at <= deadline) return undefined;
  return { status: "CANCELED", error: { code: "CANCELED", message: "the run reached its deadline" } };
}

function toContext(
  step: TestedStep,
  { woken, wakes }: { woken: Wake | undefined; wakes: number },
  { run, services, clock }: World,
): StepContext {
  const quiet = (): void => {};
  return {
    run,
    stepId: `${run.runId}.${step.number}`,
    stepNumber: step.number,
    attempt: step.attempts,
    woken,
    wakes,
    signal: new AbortController().signal,
    canceled: () => false,
    services,
    streams: noStreams,
    log: { info: quiet, warn: quiet, error: quiet },
    now: () => new Date(clock.at),
  };
}
