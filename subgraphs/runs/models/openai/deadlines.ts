import { SomaError } from "@soma/shared/errors";

export interface TimeoutsMs {
  /** Until a connection is there, its TLS handshake included. */
  connect: number;
  /** Until the model has made its first token, from the start of the call. */
  firstToken: number;
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
  firstToken(): void;
  /** Stops every clock; must be called. */
  close(): void;
}

/** Longest wait a timer of the runtime can hold; a longer one would fire at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** The clocks of one call to a model. The connect clock runs only between `connecting` and `connected`. */
export function startDeadlines(who: string, limits: TimeoutsMs, caller: AbortSignal): Deadlines {
  const controller = new AbortController();
  let failure: SomaError | undefined;
  const fail = (error: SomaError): void => {
    failure ??= error;
    controller.abort(failure);
  };
  const after = (ms: number, what: string) =>
    setTimeout(() => fail(new SomaError("TIMEOUT", `${who} ${what} within ${ms} ms`)), Math.min(ms, MAX_TIMER_MS));
  const canceled = (): void =>
    fail(new SomaError("CANCELED", `the call to ${who} was canceled`, { cause: caller.reason }));

  if (caller.aborted) canceled();
  caller.addEventListener("abort", canceled, { once: true });
  let connect: NodeJS.Timeout | undefined;
  const first = after(limits.firstToken, "gave no first token");
  const total = after(limits.total, "did not finish its answer");
  return {
    signal: controller.signal,
    failure: () => failure,
    connecting() {
      connect ??= after(limits.connect, "could not be connected to");
    },
    connected: () => clearTimeout(connect),
    firstToken: () => clearTimeout(first),
    close() {
      for (const timer of [connect, first, total]) clearTimeout(timer);
      caller.removeEventListener("abort", canceled);
    },
  };
}
