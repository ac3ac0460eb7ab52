import { SomaError } from "@soma/shared/errors";
import { MAX_TIMER_MS } from "@soma/shared/max-timer";

export interface TimeoutsMs {
  /** Until a connection is there, its TLS handshake included. */
  connect: number;
  /** Until the model has made its first token, from the start of the call. */
  firstToken: number;
  /** Until more of an answer comes that has begun; what is no part of it, such as comments, does not count. */
  silence?: number | undefined;
  /** Until the answer is finished. */
  total: number;
}

export interface Deadlines {
  /** Aborts at the first deadline that passes, and when the caller aborts. */
  readonly signal: AbortSignal;
  /** Why `signal` aborted: TIMEOUT with the limit that passed, or CANCELED. Undefined while it has not. */
  failure(): SomaError | undefined;
  connecting(): void;
  connected(): void;
  /** The model made something. */
  token(): void;
  /**
   * The answer is whole, as the server says. What it still has to say may take a moment; then `signal` aborts without a
   * failure. Of a server that said so and then made more it does not count: silence may be the middle of its answer.
   */
  finished(): void;
  /** True when `signal` aborted because a server did not end the response of a whole answer. */
  hungUp(): boolean;
  /** Stops every clock; must be called. */
  close(): void;
}

const DEFAULT_SILENCE_MS = 60_000;
/** For the usage and the end of the response, once the answer is whole. */
const LAST_WORDS_MS = 3_000;

/** The clocks of one call to a model. The connect clock runs only between `connecting` and `connected`. */
export function startDeadlines(who: string, limits: TimeoutsMs, caller: AbortSignal): Deadlines {
  const controller = new AbortController();
  let failure: SomaError | undefined;
  let hungUp = false;
  const fail = (error: SomaError): void => {
    failure ??= error;
    controller.abort(failure);
  };
  const startClock = (ms: number, ring: () => void) => setTimeout(ring, Math.min(ms, MAX_TIMER_MS));
  const after = (ms: number, what: string) =>
    startClock(ms, () => fail(new SomaError("TIMEOUT", `${who} ${what} within ${ms} ms`)));
  const canceled = (): void =>
    fail(new SomaError("CANCELED", `the call to ${who} was canceled`, { cause: caller.reason }));

  if (caller.aborted) canceled();
  caller.addEventListener("abort", canceled, { once: true });
  let connect: NodeJS.Timeout | undefined;
  /** What is waited for next: the first token, then the next one, then the end. */
  let next = after(limits.firstToken, "gave no first token");
  let begun = false;
  /** Said once; and whether something was made after it. */
  let finished: "NO" | "SAID" | "UNTRUE" = "NO";
  const total = after(limits.total, "did not finish its answer");
  return {
    signal: controller.signal,
    failure: () => failure,
    hungUp: () => hungUp,
    connecting() {
      connect ??= after(limits.connect, "could not be connected to");
    },
    connected: () => clearTimeout(connect),
    token() {
      if (finished === "SAID") finished = "UNTRUE";
      if (begun) return void next.refresh();
      begun = true;
      clearTimeout(next);
      next = after(limits.silence ?? DEFAULT_SILENCE_MS, "gave nothing more of its answer");
    },
    finished() {
      if (finished === "UNTRUE") return;
      finished = "SAID";
      clearTimeout(next);
      next = startClock(LAST_WORDS_MS, () => {
        hungUp = failure === undefined;
        controller.abort();
      });
      // Its next token, if it goes on, starts the other clock again.
      begun = false;
    },
    close() {
      for (const timer of [connect, next, total]) clearTimeout(timer);
      caller.removeEventListener("abort", canceled);
    },
  };
}
