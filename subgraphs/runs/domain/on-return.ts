import { isStepEnd, type KeptStep, payloadOf } from "@soma/schemas/run-history";
import { SomaError } from "@soma/shared/errors";
import type { HistoryEvent } from "./history.ts";
import { effectsSince } from "./rollback.ts";
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

/** A step that had reached outside, what becomes of it, and what may. */
export interface RunEffect {
  step: Step;
  onReturn: OnReturn;
  choices: OnReturn[];
}

/** Steps after a point that had reached outside, each with what becomes of it. Throws for a choice that cannot be. */
export function planReturn(
  events: readonly HistoryEvent[],
  toSeq: number,
  chosen: readonly EffectChoice[],
): RunEffect[] {
  const steps = effectsSince(events, toSeq);
  const wanted = new Map<number, OnReturn>();
  for (const { stepNumber, onReturn } of chosen) {
    if (wanted.has(stepNumber)) throw unfit(stepNumber, "it is chosen for twice");
    wanted.set(stepNumber, onReturn);
  }
  const effects = steps.map((step) => {
    const { choices, why } = choicesOf(step, events);
    const onReturn = wanted.get(step.number) ?? "RUN_AGAIN";
    wanted.delete(step.number);
    if (!choices.includes(onReturn)) throw unfit(step.number, why);
    return { step, onReturn, choices };
  });
  for (const [stepNumber] of wanted)
    throw unfit(stepNumber, `no such step after event ${toSeq} had reached outside; they are ${named(steps)}`);
  return effects;
}

/** What a fork or a rollback says of effects that are not done anew: nothing where there are none. */
export function keptField(effects: readonly RunEffect[], events: readonly HistoryEvent[]): { kept?: KeptStep[] } {
  const kept = keptOf(effects, events);
  return kept.length === 0 ? {} : { kept };
}

/** The effects of a plan that are not done anew, as the history keeps them. */
export function keptOf(effects: readonly RunEffect[], events: readonly HistoryEvent[]): KeptStep[] {
  const ends = new Map(events.filter(({ kind }) => isStepEnd(kind)).map((end) => [end.step, end]));
  const begun = new Map<string, number>();
  return effects.flatMap(({ step: { number, nodeId: node, abandoned }, onReturn }) => {
    if (abandoned) return [];
    const nth = begun.get(node) ?? 0;
    begun.set(node, nth + 1);
    if (onReturn === "RUN_AGAIN") return [];
    const end = onReturn === "REUSE" ? ends.get(number) : undefined;
    return [{ step: number, node, nth, result: end === undefined ? null : { runId: end.runId, seq: end.seq } }];
  });
}

/** What was agreed to once was agreed to for what was asked; a payment that a person vouched for may stand. */
function choicesOf(
  { number, status, abandoned }: Step,
  events: readonly HistoryEvent[],
): { choices: OnReturn[]; why: string } {
  const own = events.filter(({ step }) => step === number);
  const isOnce = own.some(({ kind, payload }) => kind === "STEP_STARTED" && payloadOf(kind, payload).once === true);
  if (abandoned) return { choices: ["RUN_AGAIN"], why: "an earlier rollback took it back" };
  if (!isOnce && own.some(({ kind }) => kind === "APPROVAL_ASKED"))
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
