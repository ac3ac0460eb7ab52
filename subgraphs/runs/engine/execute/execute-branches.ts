import type { HistoryError } from "@soma/schemas/run-history";
import type { Branch, BranchingNode } from "@soma/sdk/graph";
import type { NodeResult } from "@soma/sdk/node";
import { SomaError, toSomaError } from "@soma/shared/errors";
import { type Attempt, toAttempt } from "./attempt.ts";
import { beganWith } from "./began-with.ts";
import { endBad, endCanceled, endGood } from "./end-attempt.ts";
import { type ScopeParts, toStep } from "./execute-node.ts";
import { haltOfBranches, StepStopped } from "./halt.ts";
import { branchesIn, branchOf, giveUpBranch, type Scope } from "./scope.ts";

/**
 * Executes a graph from where it stands to its end, and gives its last state; undefined when the run was parked on the
 * way.
 */
type ExecuteScope = (parts: ScopeParts, scope: Scope) => Promise<{ at: unknown } | undefined>;

/** A step that branches run in. */
export interface BranchingStep {
  parts: ScopeParts;
  scope: Scope;
  spec: BranchingNode<unknown>;
  executeScope: ExecuteScope;
}

/** How the branches of a step came out, all at an end: their last states in order, or what stopped them. */
type Ends = { states: unknown[] } | { stopped: unknown };

/**
 * Executes the branches of a step, as many at a time as its node says, and joins them; gives undefined when the run was
 * parked before all were at their ends. One that fails and is not given up stops those beside it, and the step with
 * them.
 */
export async function executeBranches(branching: BranchingStep): Promise<NodeResult<unknown> | undefined> {
  const { parts, scope, spec } = branching;
  const asked = askBranches(parts, scope);
  const attempt = beginStep(parts, scope, { spec, asked });
  const ends = await joinBranches(branching, asked).catch((error: unknown) => ({ stopped: error }));
  if (ends === undefined) return undefined;
  return "joined" in ends ? endGood(attempt, ends.joined) : endStopped(attempt, ends.stopped);
}

/** The branches of a step, or why it cannot have them: that is told when it has begun. */
type Asked = { branches: readonly Branch[] } | { fault: unknown };

function askBranches(parts: ScopeParts, scope: Scope): Asked {
  try {
    return { branches: checkBranches(parts, scope, branchesIn(scope)) };
  } catch (fault) {
    return { fault };
  }
}

async function joinBranches(
  branching: BranchingStep,
  asked: Asked,
): Promise<{ joined: NodeResult<unknown> } | { stopped: unknown } | undefined> {
  if ("fault" in asked) throw asked.fault;
  const { scope, spec } = branching;
  const ends = await new Lanes(branching, asked.branches).run();
  return ends === undefined || "stopped" in ends ? ends : { joined: spec.join(ends.states, scope.state) };
}

/** Its start is told as that of any step, and it is durable when the first thing in a branch has to be. */
function beginStep(
  parts: ScopeParts,
  scope: Scope,
  { spec, asked }: { spec: BranchingNode<unknown>; asked: Asked },
): Attempt<unknown> {
  const { number = parts.nextStep(), streams: earlier } = scope.step;
  const step = toStep(scope, spec, number, 1);
  const { type, summary } = spec;
  const node = { type, ...(summary === undefined ? {} : { summary }), run: () => ({ summary: "" }) };
  const never = { woken: undefined, wakes: 0, unsettled: false, unsettledSince: undefined, spanBefore: undefined };
  const attempt = toAttempt({ ...parts, ...never, spec: node, scope, step, earlier });
  const width = "fault" in asked ? {} : { branches: asked.branches.length };
  if (scope.step.number === undefined)
    parts.journal.write({
      kind: "STEP_STARTED",
      step,
      payload: { summary: attempt.summary, ...beganWith(scope), ...width },
    });
  return attempt;
}

function checkBranches({ limits }: ScopeParts, scope: Scope, branches: readonly Branch[]): readonly Branch[] {
  const place = `node ${scope.path}${scope.node}`;
  if (branches.length > limits.maxBranches)
    throw new SomaError(
      "LIMIT_EXCEEDED",
      `${place} has ${branches.length} branches, and a step may have ${limits.maxBranches} (SOMA_RUN_MAX_BRANCHES)`,
    );
  const depth = scope.path.split("/").length + 1;
  if (depth > limits.maxDepth)
    throw new SomaError(
      "LIMIT_EXCEEDED",
      `${place} would have ${depth} graphs within each other, and a run may have ${limits.maxDepth} (SOMA_RUN_MAX_DEPTH)`,
    );
  return branches;
}

function endStopped(attempt: Attempt<unknown>, error: unknown): never {
  const { context, halt } = attempt;
  const known = error instanceof StepStopped ? undefined : toSomaError(error);
  if (context.lost() || known?.code === "FENCED") throw error;
  if (halt.reason() !== undefined) return endCanceled(attempt);
  if (known?.code === "INTERNAL") context.log.error({ err: error }, "the branches of a step could not be executed");
  return endBad(attempt, error instanceof StepStopped ? error.error : toShown(known));
}

function toShown(known: SomaError | undefined): HistoryError {
  return { code: known?.code ?? "INTERNAL", message: known?.publicMessage ?? "" };
}

/** The branches of one step, so many of them under way at once. */
class Lanes {
  readonly #in: BranchingStep;
  readonly #halt: ReturnType<typeof haltOfBranches>;
  readonly #waiting: { branch: Branch; index: number }[];
  readonly #states: unknown[];
  #atWork: number;
  #parked = false;
  #stopped: { by: unknown } | undefined;

  constructor(branching: BranchingStep, branches: readonly Branch[]) {
    const { parts, scope, spec } = branching;
    this.#in = branching;
    this.#halt = haltOfBranches(parts.halt);
    this.#states = branches.map(() => undefined);
    // Those under way go on first, each in a lane of its own: what is stopped has to be told of each of them.
    const isOpen = ({ branch }: { branch: Branch }): boolean => scope.branches.get(branch.key)?.node !== undefined;
    const all = branches.map((branch, index) => ({ branch, index }));
    const open = all.filter(isOpen);
    this.#waiting = [...open, ...all.filter((one) => !isOpen(one))];
    this.#atWork = Math.min(all.length, Math.max(spec.limit, open.length));
    const { failed } = scope.step;
    if (failed !== undefined) this.#stop(new StepStopped("FAILED", failed));
  }

  /** The step's own place at work is its first lane's, and that of its last lane to end is the step's again. */
  async run(): Promise<Ends | undefined> {
    if (this.#atWork === 0) return { states: [] };
    this.#in.parts.floor.enter(this.#atWork - 1);
    await Promise.all(Array.from({ length: this.#atWork }, () => this.#lane()));
    if (this.#stopped !== undefined) return { stopped: this.#stopped.by };
    return this.#parked ? undefined : { states: this.#states };
  }

  async #lane(): Promise<void> {
    try {
      for (let next = this.#next(); next !== undefined; next = this.#next()) {
        const state = await this.#execute(next.branch);
        if (state === undefined) this.#parked = true;
        else this.#states[next.index] = state.at;
      }
    } catch (error) {
      this.#stop(error);
    }
    this.#atWork -= 1;
    if (this.#atWork > 0 && !this.#parked) this.#in.parts.floor.leave();
  }

  /** The next one to go on with or to begin; throws when none may begin any more. */
  #next(): { branch: Branch; index: number } | undefined {
    const { parts, scope } = this.#in;
    const next = this.#parked ? undefined : this.#waiting.shift();
    if (next === undefined) return undefined;
    if (parts.context.lost()) throw new SomaError("CANCELED", "the worker stops");
    const reason = this.#halt.reason();
    if (reason !== undefined && !scope.branches.has(next.branch.key)) throw new StepStopped("CANCELED", reason);
    return next;
  }

  async #execute(branch: Branch): Promise<{ at: unknown } | undefined> {
    const scope = branchOf(this.#in.scope, branch);
    try {
      return await this.#in.executeScope({ ...this.#in.parts, halt: this.#halt }, scope);
    } catch (error) {
      const isFailure = error instanceof StepStopped && error.outcome === "FAILED";
      if (!isFailure || this.#in.spec.giveUp === undefined) throw error;
      giveUpBranch(this.#in.spec, scope, error.error, branch.key);
      return { at: scope.state };
    }
  }

  /** The first one counts; those that it stops end canceled. */
  #stop(by: unknown): void {
    this.#stopped ??= { by };
    this.#halt.stop();
  }
}
