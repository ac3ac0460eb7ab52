/**
 * A subscription's iterator that stops at once. A plain generator only hears `return()` when the `next()` before it is done,
 * which for a quiet stream may be never; this one tells the generator by a signal first.
 */
export function stoppable<T>(run: (signal: AbortSignal) => AsyncGenerator<T>): AsyncIterableIterator<T> {
  const controller = new AbortController();
  const inner = run(controller.signal);
  return {
    next: () => inner.next(),
    return() {
      controller.abort();
      return inner.return(undefined);
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
