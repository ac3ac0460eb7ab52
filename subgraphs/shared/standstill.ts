import { SomaError, toSomaError } from "./errors.ts";
import { beforeReading, gauge } from "./metrics.ts";
import { whyUnavailable } from "./postgres/why-unavailable.ts";

const standing = gauge(
  "soma_loop_standing_seconds",
  "Seconds for which a loop did not do its work; 0 while it goes on",
  ["loop"],
);

/** Longer than a round takes that goes on. Counted in turns of this process: one that is frozen or starved blames no loop. */
const STANDSTILL_TURNS = 10;
const TURN_MS = 500;

/** Since when a loop has not done its work, and why. */
export interface Standstill {
  /** A round begins. What stood still before it stands still until a round is done. */
  begun(): void;
  failed(error: unknown): void;
  done(): void;
  /** UNAVAILABLE with the reason while it has stood still for too long. */
  fault(): SomaError | undefined;
  close(): void;
}

/** Metrics tell it at any time; `onLong` is called once for each standstill that becomes too long in its first round. */
export function createStandstill(loop: string, onLong: () => void): Standstill {
  let since: number | undefined;
  let failure: unknown;
  let timer: ReturnType<typeof setInterval> | undefined;
  let turns = 0;
  const ms = (): number => (since === undefined ? 0 : performance.now() - since);
  const stopTelling = beforeReading(() => standing.set({ loop }, ms() / 1_000));

  function done(): void {
    clearInterval(timer);
    since = undefined;
    turns = 0;
    failure = undefined;
  }

  function turn(): void {
    turns += 1;
    if (turns < STANDSTILL_TURNS) return;
    clearInterval(timer);
    if (failure === undefined) onLong();
  }

  return {
    begun() {
      if (since !== undefined) return;
      since = performance.now();
      timer = setInterval(turn, TURN_MS);
    },
    failed(error) {
      if (since !== undefined) failure = error;
    },
    done,
    fault() {
      if (turns < STANDSTILL_TURNS) return undefined;
      const so = `${Math.round(ms() / 1_000)} s so far`;
      const cause = new Error(failure instanceof Error ? `${so}; ${failure.message}` : so);
      return new SomaError("UNAVAILABLE", `${loop} stands still: ${reasonOf(failure)}`, { cause });
    },
    close() {
      done();
      stopTelling();
      standing.remove({ loop });
    },
  };
}

/** In words that a stranger may read, and the same each time it is asked: a log tells what has changed. */
function reasonOf(failure: unknown): string {
  if (failure === undefined) return "a round of it has not ended";
  const { code, publicMessage } = toSomaError(failure);
  if (code === "INTERNAL") return "it fails, and the log says why";
  return whyUnavailable(failure) ?? publicMessage;
}
