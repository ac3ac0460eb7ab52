/** Waits, until the signal or whoever was given the way to end it would rather go on. */
export function pause(ms: number, signal?: AbortSignal, onWait?: (goOn: () => void) => void): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms);
    function done(): void {
      clearTimeout(timer);
      signal?.removeEventListener("abort", done);
      resolve();
    }
    signal?.addEventListener("abort", done, { once: true });
    if (signal?.aborted === true) done();
    onWait?.(done);
  });
}
