import type { ApprovalDecision } from "./approval.ts";
import type { NodeResult, NodeSpec, Parked, Question, StepContext } from "./node.ts";
import { isOutage } from "./retries.ts";
import { describeError, StepError } from "./step-error.ts";

/** What finding out gives: what the step came to, that nothing was done, or undefined where that cannot be told. */
export type Reconciled<S> = NodeResult<S> | "NOT_DONE" | undefined;

/** A step that must not be done twice, and that nobody can ask to do nothing the second time. */
export interface AtMostOnceSpec<S> extends Omit<NodeSpec<S>, "pure" | "once" | "run" | "giveUp" | "timeoutMs"> {
  /**
   * Milliseconds after which the signal of `run` is aborted; it is waited for until it ends, and then found out about.
   */
  timeoutMs?: number;
  /**
   * Does it. Whatever it throws leaves open whether it was done, but a StepError of the code STEP_NOT_DONE: that says
   * that it was not, and it is tried again by the retry policy.
   */
  run(state: S, context: StepContext): Promise<NodeResult<S>> | NodeResult<S>;
  /**
   * Milliseconds for which what an attempt called may still be at work when the attempt is over, because its process
   * died or it gave up: the longest that a call takes at the other side. Before, nobody takes it for not done. Left
   * out, 30 s, or `timeoutMs` when that is longer.
   */
  openMs?: number;
  /** Finds out whether it was done, when an attempt began and its outcome is not known. Left out, a person is asked. */
  reconcile?(state: S, context: StepContext): Promise<Reconciled<S>> | Reconciled<S>;
  /** What the step comes to when a person says that it was done. */
  done(decision: ApprovalDecision, state: S): NodeResult<S>;
  /** Role of whoever may say; `approver` when left out. */
  role?: Question["role"];
}

const MAX_WHAT = 200;
const OPEN_MS = 30_000;

/** Calls under way in this process, by step: one that was told to stop may still do what it does. */
const underWay = new Map<string, Promise<unknown>>();

/**
 * A node whose effect happens at most once. That it begins is durable before it does, and when it is not known how an
 * attempt ended (its process died, its answer was lost, its time ran out) it is not begun again: `reconcile` finds out,
 * and where that cannot, the run waits for a person, who says whether it was done. What was not done is done then. What
 * was called may still be at work when nothing of it is found, so until `openMs` are over that says nothing.
 *
 *   .node("pay", atMostOnce({ type: "payment", run: pay, reconcile: findPayment, done: () => ({ summary: "paid" }) }))
 */
export function atMostOnce<S>(spec: AtMostOnceSpec<S>): NodeSpec<S> {
  const { run, reconcile, done, role, timeoutMs, openMs = Math.max(OPEN_MS, spec.timeoutMs ?? 0), ...node } = spec;

  async function tryOnce(state: S, context: StepContext): Promise<NodeResult<S> | Parked> {
    try {
      return await call(state, context);
    } catch (error) {
      // Whoever goes on with the run finds out; that of a canceled run is not looked for.
      if (context.signal.aborted || isNotDone(error)) throw error;
      context.log.warn({ err: error, step: context.stepId }, "it is not known whether a step was done");
      return settle(state, context, error);
    }
  }

  /** To its end, also when its time is over: as long as it runs, nobody can find out what it did. */
  async function call(state: S, context: StepContext): Promise<NodeResult<S>> {
    const late = timeoutMs === undefined ? [] : [AbortSignal.timeout(timeoutMs)];
    const signal = AbortSignal.any([context.signal, ...late]);
    const called = (async () => run(state, { ...context, signal }))();
    underWay.set(context.stepId, called);
    return called.finally(() => underWay.delete(context.stepId));
  }

  async function settle(state: S, context: StepContext, error?: unknown): Promise<NodeResult<S> | Parked> {
    await ended(context);
    const found = await findOut(state, context);
    if (found === undefined || found === "NOT_DONE") checkOver(context, error);
    // By the retry policy, so that what fails each time comes to an end.
    if (found === "NOT_DONE")
      throw new StepError("STEP_NOT_DONE", "it was found not to have been done", { cause: error });
    return found ?? ask(state, error);
  }

  /** Throws what the step waits by, as for what is away, while a call that was begun may still come to something. */
  function checkOver({ unsettledSince, now }: StepContext, cause: unknown): void {
    const leftMs = openMs - (now().getTime() - (unsettledSince ?? now()).getTime());
    if (leftMs <= 0) return;
    const why = "what was begun may still be done elsewhere; it is looked for again then";
    throw new StepError("UNAVAILABLE", why, { cause, retryAfterMs: leftMs });
  }

  /** Undefined also when finding out fails, unless it only has to be waited for. */
  async function findOut(state: S, context: StepContext): Promise<Reconciled<S>> {
    try {
      return await reconcile?.(state, context);
    } catch (error) {
      if (context.signal.aborted || isOutage(describeError(error).code)) throw error;
      context.log.warn({ err: error, step: context.stepId }, "whether a step was done cannot be found out");
      return undefined;
    }
  }

  function ask(state: S, error: unknown): Parked {
    const what = (node.summary?.(state) ?? node.type).slice(0, MAX_WHAT);
    const question = `Was this done: ${what}? It was begun, and its outcome is not known. If not, it is done now`;
    // Words of other errors stay in the log: they may hold what is nobody's business.
    const details = { error: error instanceof StepError ? error.message.slice(0, MAX_WHAT) : null };
    return { summary: question, parkedForApproval: { question, details, ...(role === undefined ? {} : { role }) } };
  }

  return {
    ...node,
    once: true,
    run(state, context) {
      // What a person said stands, also when the process that heard it died; and nothing is begun after it.
      if (context.woken?.by === "DECISION" && context.woken.approved) return done(context.woken, state);
      return context.unsettled ? settle(state, context) : tryOnce(state, context);
    },
  };
}

/** Waits for an earlier attempt that is still under way here, until this one is to stop. */
async function ended({ stepId, signal }: StepContext): Promise<void> {
  const earlier = underWay.get(stepId);
  if (earlier === undefined) return;
  const stop = Promise.withResolvers<void>();
  const give = (): void => stop.resolve();
  signal.addEventListener("abort", give);
  await Promise.race([earlier.catch(() => {}), stop.promise]);
  signal.removeEventListener("abort", give);
  signal.throwIfAborted();
}

function isNotDone(error: unknown): boolean {
  return error instanceof StepError && error.code === "STEP_NOT_DONE";
}
