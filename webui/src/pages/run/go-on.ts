import type { OutsideEffectFragment } from "@soma/graphql/operations";
import type { LogEvent } from "../../run-log/view.ts";
import { placeWords } from "./checkpoints.ts";

/** From where a run is to go on: a fork of it, or the run itself. */
export interface GoOn {
  how: "fork" | "rollback";
  seq: number;
}

export type Effect = OutsideEffectFragment;

/** What is chosen for the effects of steps, by their numbers; all others are done again. */
export type Choices = Readonly<Record<number, Effect["onReturn"]>>;

/** As the API is asked. */
export function toOnReturn(choices: Choices): { onReturn?: { stepNumber: number; onReturn: Effect["onReturn"] }[] } {
  const chosen = Object.entries(choices).filter(([, onReturn]) => onReturn !== "RUN_AGAIN");
  if (chosen.length === 0) return {};
  return { onReturn: chosen.map(([number, onReturn]) => ({ stepNumber: Number(number), onReturn })) };
}

export const ON_RETURN: Record<Effect["onReturn"], string> = {
  RUN_AGAIN: "done again",
  REUSE: "its result stands",
  STUB: "left out",
};

export const WORDS = {
  fork: {
    name: "Fork the run",
    act: "Fork",
    acting: "Forking…",
    failed: "The run was not forked.",
    outcome: "A new run goes on from there, in a conversation of its own. This one stays as it is.",
  },
  rollback: {
    name: "Roll the run back",
    act: "Roll back",
    acting: "Rolling back…",
    failed: "The run was not rolled back.",
    outcome:
      "This run itself goes on from there, also when it has ended. What came after stays to be read, and counts no more.",
  },
} as const;

/** "event 12, after step 5, tool". */
export function pointWords(event: LogEvent | undefined, seq: number): string {
  if (event === undefined) return `event ${seq}`;
  const place = placeWords(event);
  return event.stepNumber === null ? `event ${seq}, ${place}` : `event ${seq}, after ${place}`;
}

/** What a dry run came to, in a sentence. */
export function effectWords(effects: readonly Effect[]): string {
  const asked = "after this point asked a model, a tool, memory or policy";
  if (effects.length === 0) return `No step ${asked}.`;
  const [many, each] = effects.length === 1 ? ["1 step", "it"] : [`${effects.length} steps`, "each"];
  const again = effects.some(isTakenBack) ? "each again that no rollback took back" : `${each} again`;
  return `${many} ${asked}. That is not undone. The run that goes on does ${again}, unless you choose otherwise.`;
}

/** Other steps came in its place, and come in theirs. */
function isTakenBack({ step }: Effect): boolean {
  return step.abandoned;
}

/** What becomes of an effect for which nothing else can be chosen. */
export function onlyWord(effect: Effect): string {
  return isTakenBack(effect) ? "taken back by a rollback" : ON_RETURN[effect.onReturn];
}
