import { MAX_TIMER_MS } from "@soma/shared/max-timer";

/**
 * Runs the work with a signal that aborts when the caller's does or when the time is up. Listeners and timers go with the
 * work: `AbortSignal.any` would keep one entry per call on a signal that lives as long as a subscription.
 */
export async function withDeadline<T>(
  outer: AbortSignal | undefined,
  ms: number,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const cancel = (): void => controller.abort(outer?.reason);
  if (outer?.aborted === true) cancel();
  outer?.addEventListener("abort", cancel, { once: true });
  const timer = setTimeout(() => controller.abort(new DOMException(`took longer than ${ms} ms`, "TimeoutError")), ms);
  try {
    return await work(controller.signal);
  } finally {
    clearTimeout(timer);
    outer?.removeEventListener("abort", cancel);
  }
}

/** The work's result, or the signal's reason as soon as it aborts, whatever becomes of the work then. */
export function unlessAborted<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const leave = (): void => reject(signal.reason);
    signal.addEventListener("abort", leave, { once: true });
    if (signal.aborted) leave();
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", leave));
  });
}

/** Resolves when the time is up, or at once when the signal aborts. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(end, signal.aborted ? 0 : ms);
    function end(): void {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    }
    signal.addEventListener("abort", end, { once: true });
  });
}

/** Does the work when the clock says so, in however many weeks; the function calls it off. */
export function callAt(atMs: number, work: () => void): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const look = (): void => {
    const waitMs = atMs - Date.now();
    if (waitMs > 0) timer = setTimeout(look, Math.min(waitMs, MAX_TIMER_MS));
    else work();
  };
  look();
  return () => clearTimeout(timer);
}

/** Resolves when the work has settled or the time is up, whichever comes first; never rejects. */
export async function settledWithin(work: Iterable<Promise<unknown>>, ms: number): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const limit = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([Promise.allSettled(work), limit]);
  clearTimeout(timer);
}
