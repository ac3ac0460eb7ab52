import { SomaError, toSomaError } from "./errors.ts";
import { beforeReading, gauge } from "./metrics.ts";
import { whyUnavailable } from "./postgres/why-unavailable.ts";

const standing = gauge(
  "soma_loop_standing_seconds",
  "Seconds for which a loop did not do its work; 0 while it goes on",
  ["loop"],
);

/** Longer than a round takes that goes on; a probe that is asked more often does not flap for one that is slow. */
export const STANDSTILL_MS = 5_000;

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
  let timer: ReturnType<typeof setTimeout> | undefined;
  const ms = (): number => (since === undefined ? 0 : performance.now() - since);
  const stopTelling = beforeReading(() => standing.set({ loop }, ms() / 1_000));

  function done(): void {
    clearTimeout(timer);
    since = undefined;
    failure = undefined;
  }

  return {
    begun() {
      if (since !== undefined) return;
      since = performance.now();
      timer = setTimeout(onLong, STANDSTILL_MS);
    },
    failed(error) {
      clearTimeout(timer);
      if (since !== undefined) failure = error;
    },
    done,
    fault() {
      if (ms() < STANDSTILL_MS) return undefined;
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
