import { RUN_STATUS } from "./run-status.ts";

/** A run as its worker had it: under which ownership, and with which event its history ended. */
export interface HeldRun {
  runId: string;
  tenant: string;
  epoch: number;
  headSeq: number;
  headHash: string;
}

/** The same run later. */
export interface SeenRun {
  runId: string;
  status: number;
  /** Hash of the event that was the newest; null when it is there no more. */
  headHash: string | null;
  /** When another owner first wrote of a step, or of the end; null when none has. */
  backAt: Date | null;
  /** Steps that ended more than once. */
  twice: number;
}

/** What the death of a worker did to its runs. */
export interface DeathToll {
  /** Runs of which it is not known yet whether they go on. */
  waiting: number;
  /** Runs that are gone, whose recorded results are not what they were, or that do not go on. */
  lost: number;
  /** Steps that ended twice. An effect has the same key in each attempt of its step. */
  repeated: number;
  /** Milliseconds from the death until the first of the runs went on; null while none has. */
  backAfterMs: number | null;
}

/** A take-over takes a second, or two where a worker hangs; what has not gone on after so long does not. */
const PATIENCE_MS = 30_000;

type Fate = "well" | "waiting" | "lost";

/** Counts what became of the runs of a worker that died; each count is of what was recorded, and nothing is assumed. */
export function countToll(params: {
  diedAt: Date;
  held: readonly HeldRun[];
  seen: readonly SeenRun[];
  now: Date;
}): DeathToll {
  const { diedAt, held, seen, now } = params;
  const found = new Map(seen.map((run) => [run.runId, run]));
  const isLate = now.getTime() - diedAt.getTime() > PATIENCE_MS;
  const fates = held.map((run) => fateOf(run, found.get(run.runId), isLate));
  const backs = seen.flatMap(({ backAt }) => (backAt === null ? [] : [backAt.getTime()]));
  return {
    waiting: fates.filter((fate) => fate === "waiting").length,
    lost: fates.filter((fate) => fate === "lost").length,
    repeated: seen.reduce((sum, { twice }) => sum + twice, 0),
    backAfterMs: backs.length === 0 ? null : Math.max(0, Math.min(...backs) - diedAt.getTime()),
  };
}

/** One that ended or is parked has no owner and needs none: its worker had just committed that. */
function fateOf(held: HeldRun, seen: SeenRun | undefined, isLate: boolean): Fate {
  if (seen === undefined || seen.headHash !== held.headHash) return "lost";
  if (seen.backAt !== null || seen.status >= RUN_STATUS.PARKED.code) return "well";
  return isLate ? "lost" : "waiting";
}
