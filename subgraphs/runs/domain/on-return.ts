import { type KeptStep, payloadOf } from "@soma/schemas/run-history";
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
  /** Why there are no more. */
  why: string;
  /** What would stand. */
  result: KeptStep["result"];
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
  const pending = pendingAt(events, toSeq);
  const kept: KeptStep[] = [];
  const effects = findComing(events, toSeq).map(({ step, nth, may }) => {
    const onReturn = wanted.get(step.number);
    wanted.delete(step.number);
    if (onReturn !== undefined && !may.choices.includes(onReturn)) throw unfit(step.number, may.why);
    const before = takeFrom(pending, step.nodeId, nth);
    const entry = onReturn === undefined ? before : toKept({ step, nth, may }, onReturn);
    if (entry !== undefined) kept.push(entry);
    return { step, onReturn: entry === undefined ? "RUN_AGAIN" : choiceOf(entry), choices: may.choices };
  });
  for (const [stepNumber] of wanted) {
    const known = effects.map(({ step }) => step.number).join(", ") || "none";
    throw unfit(stepNumber, `no such step after event ${toSeq} had reached outside; they are ${known}`);
  }
  return { effects, kept: [...kept, ...pending] };
}

/** A step that had reached outside, how often its node came before it since the point, and what may become of it. */
interface Coming {
  step: Step;
  /** -1 of one that was taken back: other steps came, and come, in its place. */
  nth: number;
  may: Choices;
}

function findComing(events: readonly HistoryEvent[], toSeq: number): Coming[] {
  const byStep = Map.groupBy(events, ({ step }) => step);
  const isTakenBack = abandonedBy(events)(toSeq);
  const begun = new Map<string, number>();
  return effectsSince(events, toSeq).map((step) => {
    if (isTakenBack || step.abandoned) return { step, nth: -1, may: TAKEN_BACK };
    const nth = begun.get(step.nodeId) ?? 0;
    begun.set(step.nodeId, nth + 1);
    // A step is made of its events, so there are some.
    return { step, nth, may: choicesOf(byStep.get(step.number) as HistoryEvent[]) };
  });
}

function toKept({ step, nth, may: { result } }: Coming, onReturn: OnReturn): KeptStep | undefined {
  if (onReturn === "RUN_AGAIN") return undefined;
  return { step: step.number, node: step.nodeId, nth, result: onReturn === "REUSE" ? result : null };
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

const TAKEN_BACK: Choices = { choices: ["RUN_AGAIN"], why: "an earlier rollback took it back", result: null };

/** What was agreed to once was agreed to for what was asked; a payment that a person vouched for may stand. */
function choicesOf(own: readonly HistoryEvent[]): Choices {
  const { branches, once } = payloadOf("STEP_STARTED", own.find(({ kind }) => kind === "STEP_STARTED")?.payload);
  const none = { choices: ["RUN_AGAIN"], result: null } satisfies Partial<Choices>;
  if (branches !== undefined) return { ...none, why: "it has branches; choose for the steps in them" };
  if (once !== true && own.some(({ kind }) => kind === "APPROVAL_ASKED"))
    return { ...none, why: "a person was asked, and is asked again" };
  const end = own.find(({ kind }) => kind === "STEP_SUCCEEDED" || kind === "STEP_DENIED");
  if (end === undefined)
    return { ...none, choices: ["RUN_AGAIN", "STUB"], why: "it came to no result that could stand" };
  return { choices: ["RUN_AGAIN", "REUSE", "STUB"], why: "", result: { runId: end.runId, seq: end.seq } };
}

function unfit(stepNumber: number, why: string): SomaError {
  return new SomaError("BAD_INPUT", `what becomes of step ${stepNumber} cannot be chosen so: ${why}`);
}
