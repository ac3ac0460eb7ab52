import { AsyncLocalStorage } from "node:async_hooks";

const signals = new AsyncLocalStorage<AbortSignal>();

/** Does work that is for nobody once the signal aborts. Whatever it calls can ask for the signal, however deep. */
export function withRequestSignal<T>(signal: AbortSignal, work: () => T): T {
  return signals.run(signal, work);
}

/** Aborts when whoever asked for the work in progress has left or has waited long enough; undefined for work that is finished once begun. */
export function requestSignal(): AbortSignal | undefined {
  return signals.getStore();
}
