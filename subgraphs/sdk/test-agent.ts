import type { Json, JsonObject } from "@soma/schemas/json";
import { type BranchingNode, type Graph, isBranching } from "./graph.ts";
import { inputFaults, inputRefusal } from "./input-faults.ts";
import {
  isParked,
  type NodeResult,
  type NodeSpec,
  type Parked,
  type RunInfo,
  type StepContext,
  type Wake,
} from "./node.ts";
import { countTry, DEFAULT_RETRY, leavesUnsettled, NO_TRIES, nextTry, type Tries } from "./retries.ts";
import { toFailedTry } from "./testing/errors.ts";
import { createTestServices, type TestedCall, type TestServicesParams } from "./testing/services.ts";
import { createTestSql, type SqlFake } from "./testing/sql.ts";
import { noStreams, TEST_RUN } from "./testing/step.ts";
import { createTestWakes, nameOfWait, type TestWakesParams } from "./testing/wakes.ts";

export interface TestAgentParams extends Omit<TestServicesParams, "now">, TestWakesParams {
  /** Of the run; a text stands for `{ text }`. */
  input?: string | JsonObject;
  run?: Partial<RunInfo>;
  /** Answers the statements of nodes in the database; without it such a node fails. */
  sql?: SqlFake;
  /** When the run begins. Waits, retries and parks take no time: the clock jumps. */
  now?: Date;
}

/** A step as its history would tell of it. */
export interface TestedStep {
  number: number;
  node: string;
  status: "SUCCEEDED" | "DENIED" | "FAILED" | "PARKED";
  attempts: number;
  /** What it waited for, in order: a time, the name of a signal, a question, or the name of an agent. */
  waits: string[];
  summary: string;
  output: Json;
}

export interface TestedRun<S> {
  /** PARKED: it waits for a signal or a decision that the test does not give. CANCELED: its deadline came. */
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

/** As many as the engine takes where no setting says otherwise. */
const MAX_STEPS = 10_000;

/**
 * Runs an agent in memory: by the rules of the engine, with a model and tools that the test gives, and with a clock
 * that jumps over every wait. Branches run one after the other, each with the time of its own. Nothing is stored, so
 * what dying processes would do is not shown, nor the limits of time that an attempt has; the engine's own tests do
 * that.
 *
 *   const { status, answer, path } = await testAgent(refund, { input: "A-17", tools: { find_order: () => "paid" } });
 */
export async function testAgent<S>(graph: Graph<S>, params: TestAgentParams = {}): Promise<TestedRun<S>> {
  const clock = { at: params.now ?? new Date("2026-01-01T00:00:00Z") };
  const now = (): Date => new Date(clock.at);
  const input = typeof params.input === "string" ? { text: params.input } : (params.input ?? TEST_RUN.input);
  const { services, calls } = createTestServices({ ...params, now });
  const startedAt = clock.at.getTime();
  const world: World = {
    clock,
    services,
    sql: params.sql === undefined ? undefined : createTestSql(params.sql),
    run: { ...TEST_RUN, createdAt: now(), ...params.run, input },
    wake: createTestWakes(params),
    deadline: new Date(startedAt + graph.timeoutMs),
    steps: [],
  };
  const scope: Scope<S> = { graph, path: "", state: begin(graph, input) };
  const stopped = await walk(scope, world).catch((error: unknown) => {
    if (error instanceof RunStopped) return error;
    throw error;
  });
  const { status = "SUCCEEDED", error } = stopped ?? {};
  return {
    status,
    error,
    steps: world.steps,
    path: world.steps.map(({ node }) => node),
    state: scope.state,
    answer: status === "SUCCEEDED" ? graph.answer(scope.state) : undefined,
    calls,
    tookMs: clock.at.getTime() - startedAt,
  };
}

/** The state a run begins with; what its input is refused for is thrown, as startRun would tell it. */
function begin<S>({ name, begin: make, inputSchema, initial, fold }: Graph<S>, input: JsonObject): S {
  const faults = inputSchema === undefined ? [] : inputFaults(inputSchema, input);
  if (faults.length > 0) throw new Error(inputRefusal(name, faults));
  if (make !== undefined) return fold(initial(), keep(make(input)));
  if (inputSchema !== undefined || typeof input.text === "string") return initial();
  throw new Error(`the input of ${name} has no text, which an agent needs that has neither begin() nor an input`);
}

/** As the history keeps it: what JSON cannot hold is gone, in a test as after a take-over. */
function keep<T extends object>(patch: T): T {
  return JSON.parse(JSON.stringify(patch)) as T;
}

interface World {
  clock: { at: Date };
  services: StepContext["services"];
  sql: StepContext["sql"];
  run: RunInfo;
  wake: ReturnType<typeof createTestWakes>;
  deadline: Date;
  steps: TestedStep[];
}

/** A graph under way: the run's own, or one in a branch, whose nodes are told with a path before them. */
interface Scope<S> {
  graph: Graph<S>;
  path: string;
  state: S;
}

/** What ends a run before its end. */
class RunStopped extends Error {
  readonly status: "FAILED" | "PARKED" | "CANCELED";
  readonly error: { code: string; message: string } | undefined;

  constructor(status: RunStopped["status"], error?: { code: string; message: string }) {
    super(error?.message ?? status);
    this.status = status;
    this.error = error;
  }
}

async function walk<S>(scope: Scope<S>, world: World): Promise<undefined> {
  const { graph } = scope;
  for (let id: string | undefined = graph.entry; id !== undefined; id = graph.next(id, scope.state)) {
    const step = beginStep(`${scope.path}${id}`, world);
    const node = graph.node(id);
    const { state } = scope;
    const result = isBranching(node)
      ? await executeBranches(node, state, step, world)
      : await execute(node, state, step, world);
    scope.state = graph.fold(state, keep(result.patch ?? {}));
    const { summary, output = null, denied = false } = result;
    Object.assign(step, { status: denied ? "DENIED" : "SUCCEEDED", summary, output });
  }
}

function beginStep(node: string, { steps }: World): TestedStep {
  if (steps.length >= MAX_STEPS)
    throw new RunStopped("FAILED", { code: "LIMIT_EXCEEDED", message: `the run has more than ${MAX_STEPS} steps` });
  const step: TestedStep = {
    number: steps.length + 1,
    node,
    status: "PARKED",
    attempts: 1,
    waits: [],
    summary: "",
    output: null,
  };
  steps.push(step);
  return step;
}

/** One step, over its attempts and parks. */
async function execute<S>(spec: NodeSpec<S>, state: S, step: TestedStep, world: World): Promise<NodeResult<S>> {
  const { clock } = world;
  const retry = spec.retry ?? DEFAULT_RETRY;
  let tries: Tries = NO_TRIES;
  let woken: Wake | undefined;
  let wakes = 0;
  let unsettled = false;
  let unsettledSince: Date | undefined;
  for (;;) {
    const beganAt = clock.at;
    let given: NodeResult<S> | Parked;
    try {
      const sql = spec.effect === "db" ? world.sql : undefined;
      given = await spec.run(state, { ...toContext(step, { woken, wakes, unsettled, unsettledSince }, world), sql });
    } catch (error) {
      const failed = toFailedTry(error);
      unsettled = leavesUnsettled(failed.code);
      unsettledSince = unsettled ? (unsettledSince ?? clock.at) : undefined;
      tries = countTry(retry, failed.code, tries, { beganAt, endedAt: clock.at });
      const next = nextTry(retry, failed, tries, clock.at);
      const { code, message } = failed;
      if (next === undefined && spec.giveUp !== undefined) return spec.giveUp(state, { code, message });
      if (next === undefined) throw fail(step, { code, message });
      const backoffMs = Math.min(next.backoff.maxMs, next.backoff.initialMs * 2 ** (next.failures - 1));
      jumpTo(new Date(clock.at.getTime() + Math.max(next.atLeastMs, backoffMs)), world);
      step.attempts += 1;
      continue;
    }
    if (!isParked(given)) return given;
    woken = wake(given, step, world);
    wakes += 1;
    unsettled = false;
    unsettledSince = undefined;
  }
}

function fail(step: TestedStep, error: { code: string; message: string }): RunStopped {
  Object.assign(step, { status: "FAILED", summary: error.message });
  return new RunStopped("FAILED", error);
}

/**
 * One branch after the other, in as many lanes as may be under way at once: the step takes as long as its longest lane.
 */
async function executeBranches<S>(
  node: BranchingNode<S>,
  state: S,
  step: TestedStep,
  world: World,
): Promise<NodeResult<S>> {
  const { clock } = world;
  const branches = node.branches(state);
  const lanes = Array.from({ length: Math.max(1, Math.min(node.limit, branches.length)) }, () => clock.at);
  const ends: unknown[] = [];
  let parked: RunStopped | undefined;
  for (const { key, graph, start } of branches) {
    const lane = lanes.reduce((first, at, index) => (at < (lanes[first] ?? at) ? index : first), 0);
    clock.at = lanes[lane] ?? clock.at;
    const path = `${step.node}${key === "" ? "" : `[${key}]`}/`;
    const scope: Scope<unknown> = { graph, path, state: graph.fold(graph.initial(), keep(start)) };
    try {
      await walk(scope, world);
    } catch (error) {
      if (!(error instanceof RunStopped) || error.status === "CANCELED") throw error;
      if (error.status === "PARKED") parked = error;
      else if (node.giveUp === undefined) throw fail(step, error.error ?? { code: "INTERNAL", message: "" });
      else
        scope.state = graph.fold(scope.state, keep(node.giveUp(error.error ?? { code: "INTERNAL", message: "" }, key)));
    }
    lanes[lane] = clock.at;
    ends.push(scope.state);
  }
  clock.at = new Date(Math.max(...lanes.map((at) => at.getTime())));
  if (parked !== undefined) throw parked;
  return node.join(ends, state);
}

/** What wakes a step that parked: what the test gives, else the time. */
function wake(parked: Parked, step: TestedStep, world: World): Wake {
  const { parkedUntil, summary } = parked;
  step.waits.push(nameOfWait(parked));
  step.summary = summary;
  const woken = world.wake(parked);
  if (woken !== undefined) return woken;
  if (parkedUntil === undefined) throw new RunStopped("PARKED");
  jumpTo(parkedUntil, world);
  return { by: "TIME" };
}

/** Nothing takes time but waiting; a run whose deadline comes first is canceled then. */
function jumpTo(at: Date, { clock, deadline }: World): void {
  if (at > clock.at) clock.at = at > deadline ? deadline : at;
  if (at > deadline) throw new RunStopped("CANCELED", { code: "CANCELED", message: "the run reached its deadline" });
}

function toContext(
  step: TestedStep,
  { woken, wakes, unsettled, unsettledSince }: Pick<StepContext, "woken" | "wakes" | "unsettled" | "unsettledSince">,
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
    unsettled,
    unsettledSince,
    signal: new AbortController().signal,
    canceled: () => false,
    services,
    streams: noStreams,
    log: { info: quiet, warn: quiet, error: quiet },
    now: () => new Date(clock.at),
  };
}
