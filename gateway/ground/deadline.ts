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

/** Resolves when the work has settled or the time is up, whichever comes first; never rejects. */
export async function settledWithin(work: Iterable<Promise<unknown>>, ms: number): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const limit = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([Promise.allSettled(work), limit]);
  clearTimeout(timer);
}
