import { isStepEnd, type KeptStep, payloadOf } from "@soma/schemas/run-history";
import { SomaError } from "@soma/shared/errors";
import { abandonedBy } from "./abandoned.ts";
import type { HistoryEvent } from "./history.ts";
import { keptAt } from "./kept-steps.ts";
import { effectiveEvents, effectsSince } from "./rollback.ts";
import type { Step } from "./steps.ts";

/**
 * What happens to an effect when its run comes to the same place again: it is done anew, its result stands, or it is not
 * done and nothing stands for it.
 */
type OnReturn = "RUN_AGAIN" | "REUSE" | "STUB";

/** What is to become of the effect of a step. */
export interface EffectChoice {
  stepNumber: number;
  onReturn: OnReturn;
}

interface Choices {
  choices: OnReturn[];
  why: string;
}

/** A step that had reached outside, what becomes of it, and what may. */
export interface RunEffect {
  step: Step;
  onReturn: OnReturn;
  choices: OnReturn[];
}

/** What becomes of the steps after a point that had reached outside. */
export interface ReturnPlan {
  effects: RunEffect[];
  /** What is not done anew, as the history keeps it: also what an earlier fork or rollback said of steps that have not come. */
  kept: KeptStep[];
}

/** Throws for a choice that cannot be. */
export function planReturn(
  events: readonly HistoryEvent[],
  toSeq: number,
  chosen: readonly EffectChoice[],
): ReturnPlan {
  const wanted = toWanted(chosen);
  const ends = new Map(events.filter(({ kind }) => isStepEnd(kind)).map((end) => [end.step, end]));
  // What was taken back after the point is none of the steps that come, and neither is what came instead.
  const isTakenBack = abandonedBy(events)(toSeq);
  const pending = pendingAt(events, toSeq);
  const begun = new Map<string, number>();
  const kept: KeptStep[] = [];
  const steps = effectsSince(events, toSeq);
  const effects = steps.map((step) => {
    const { number, nodeId: node, abandoned } = step;
    const { choices, why } = isTakenBack || abandoned ? TAKEN_BACK : choicesOf(step, events);
    const onReturn = wanted.get(number);
    wanted.delete(number);
    if (onReturn !== undefined && !choices.includes(onReturn)) throw unfit(number, why);
    if (isTakenBack || abandoned) return { step, onReturn: "RUN_AGAIN" as const, choices };
    const nth = begun.get(node) ?? 0;
    begun.set(node, nth + 1);
    const before = takeFrom(pending, node, nth);
    const end = ends.get(number);
    const result = onReturn === "REUSE" && end !== undefined ? { runId: end.runId, seq: end.seq } : null;
    const entry = onReturn === undefined ? before : { step: number, node, nth, result };
    if (entry !== undefined && onReturn !== "RUN_AGAIN") kept.push(entry);
    return { step, onReturn: onReturn ?? (before === undefined ? "RUN_AGAIN" : choiceOf(before)), choices };
  });
  for (const [stepNumber] of wanted)
    throw unfit(stepNumber, `no such step after event ${toSeq} had reached outside; they are ${named(steps)}`);
  return { effects, kept: [...kept, ...pending] };
}

/** What a fork or a rollback says of effects that are not done anew: nothing where there are none. */
export function keptField({ kept }: Pick<ReturnPlan, "kept">): { kept?: KeptStep[] } {
  return kept.length === 0 ? {} : { kept };
}

function toWanted(chosen: readonly EffectChoice[]): Map<number, OnReturn> {
  const wanted = new Map<number, OnReturn>();
  for (const { stepNumber, onReturn } of chosen) {
    if (wanted.has(stepNumber)) throw unfit(stepNumber, "it is chosen for twice");
    wanted.set(stepNumber, onReturn);
  }
  return wanted;
}

/** What an earlier fork or rollback said of steps that had not come at this point, counted from there. */
function pendingAt(events: readonly HistoryEvent[], toSeq: number): KeptStep[] {
  const { kept, begun } = keptAt(effectiveEvents(events.filter(({ seq }) => seq <= toSeq)));
  return kept.flatMap((one) => {
    const nth = one.nth - (begun.get(one.node) ?? 0);
    return nth < 0 ? [] : [{ ...one, nth }];
  });
}

function takeFrom(pending: KeptStep[], node: string, nth: number): KeptStep | undefined {
  const at = pending.findIndex((one) => one.node === node && one.nth === nth);
  return at < 0 ? undefined : pending.splice(at, 1)[0];
}

function choiceOf({ result }: KeptStep): OnReturn {
  return result === null ? "STUB" : "REUSE";
}

const TAKEN_BACK: Choices = { choices: ["RUN_AGAIN"], why: "an earlier rollback took it back" };

/** What was agreed to once was agreed to for what was asked; a payment that a person vouched for may stand. */
function choicesOf({ number, status }: Step, events: readonly HistoryEvent[]): Choices {
  const own = events.filter(({ step }) => step === number);
  const started = own.find(({ kind }) => kind === "STEP_STARTED");
  const { branches, once } = payloadOf("STEP_STARTED", started?.payload);
  if (branches !== undefined) return { choices: ["RUN_AGAIN"], why: "it has branches; choose for the steps in them" };
  if (once !== true && own.some(({ kind }) => kind === "APPROVAL_ASKED"))
    return { choices: ["RUN_AGAIN"], why: "a person was asked, and is asked again" };
  if (status === "SUCCEEDED" || status === "DENIED") return { choices: ["RUN_AGAIN", "REUSE", "STUB"], why: "" };
  return { choices: ["RUN_AGAIN", "STUB"], why: "it came to no result that could stand" };
}

function named(steps: readonly Step[]): string {
  return steps.length === 0 ? "none" : steps.map(({ number }) => number).join(", ");
}

function unfit(stepNumber: number, why: string): SomaError {
  return new SomaError("BAD_INPUT", `what becomes of step ${stepNumber} cannot be chosen so: ${why}`);
}
