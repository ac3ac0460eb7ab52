import { SomaError } from "../errors.ts";
import type { Tx } from "./connect.ts";

/** What the driver's queries have and its types do not tell; `active` from when the server has one to when it is answered. */
interface DriverQuery {
  active?: boolean;
  /** Asks the server over a connection of its own; resolves when it has been told. `cancel()` would drop a failure of that. */
  canceller?: (query: DriverQuery) => Promise<void> | undefined;
}

interface Cancelable {
  tx: Tx;
  /** No cancellation is under way or begins any more: the connection may be used by others. */
  settled(): Promise<void>;
}

/** A connection whose statement is canceled when the signal aborts, and that takes no other one then. */
export function cancelable(reserved: Tx, signal: AbortSignal): Cancelable {
  let last: DriverQuery | undefined;
  let canceling: Promise<void> | undefined;

  function asked<T>(make: () => T): T {
    if (signal.aborted) throw canceledError();
    const query = make();
    last = query as DriverQuery;
    return query;
  }
  function onAbort(): void {
    if (last?.active === true) canceling = last.canceller?.(last)?.catch(() => {});
  }
  signal.addEventListener("abort", onAbort, { once: true });

  const tx = new Proxy(reserved, {
    apply: (target, self, args) => asked(() => Reflect.apply(target, self, args) as unknown),
    get(target, name) {
      if (name !== "unsafe") return Reflect.get(target, name) as unknown;
      return (...args: Parameters<Tx["unsafe"]>) => asked(() => target.unsafe(...args));
    },
  });
  return {
    tx,
    async settled() {
      signal.removeEventListener("abort", onAbort);
      await canceling;
    },
  };
}

export function canceledError(): SomaError {
  return new SomaError("CANCELED", "nobody waits for the answer any more");
}
