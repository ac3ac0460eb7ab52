import type { Principal } from "../identity/principal.ts";
import type { Log } from "../log.ts";

/** What every resolver gets: who asks, and a log that carries the request's ids. */
export interface RequestContext {
  principal: Principal;
  requestId: string;
  log: Log;
  /** One value per request, made at first use: loaders live here. */
  once<T>(key: object, make: () => T): T;
}

export function createRequestContext(params: { principal: Principal; requestId: string; log: Log }): RequestContext {
  const values = new Map<object, unknown>();
  return {
    ...params,
    once<T>(key: object, make: () => T): T {
      if (!values.has(key)) values.set(key, make());
      return values.get(key) as T;
    },
  };
}
