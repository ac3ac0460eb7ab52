import type { Probe } from "../domain/brain-health.ts";

/** A memory as it is brought there. */
export interface BrainItem {
  tenant: string;
  namespace: string;
  /** The memory's own key, by which the same memory written twice is one. */
  key: string;
  content: string;
  /** What else is known of it: role, kind, session, run. */
  about: Readonly<Record<string, string>>;
}

/** What became of one that was written; an acknowledgement is no proof. */
export type Written =
  | { acknowledged: true }
  | {
      acknowledged: false;
      reason: string;
      /** Its breaker was open. */
      breakerOpen: boolean;
      /** It refuses this one, whenever it is asked. */
      refused: boolean;
      retryAfterMs: number | undefined;
    };

export interface BrainQuery {
  tenant: string;
  namespace: string;
  query: string;
  limit: number;
  timeoutMs: number;
}

/** A memory that was recalled, by its key: what it says is read where we keep it. */
export interface BrainHit {
  key: string;
  /** Whether it came from the store, and not from what the process has in mind. */
  isStored: boolean;
}

/** The memory service, whichever build of it answers. Each method throws UNAVAILABLE or TIMEOUT when there is no answer. */
export interface SomaBrain {
  /** Never throws: what goes wrong is what it says. */
  probe(): Promise<Probe>;
  /** Memories of one tenant and namespace; what became of each, in their order. */
  write(items: readonly BrainItem[]): Promise<Written[]>;
  /** Best first. It may have memories of others and some twice: whoever asks believes no more than the keys. */
  recall(query: BrainQuery): Promise<BrainHit[]>;
  /** Which of its APIs is used; undefined before it was found out. */
  dialect(): DialectName | undefined;
}

export type DialectName = "MEMORY" | "MEMORY_API" | "LEGACY";

/** One of its APIs. */
export interface Dialect {
  name: DialectName;
  write(items: readonly BrainItem[]): Promise<Written[]>;
  recall(query: BrainQuery): Promise<BrainHit[]>;
}

/**
 * Where a namespace of a tenant is kept. Its coordinates know no tenant, and its search asks for nothing else than this: one
 * tenant was given what another had told.
 */
export const universeOf = ({ tenant, namespace }: { tenant: string; namespace: string }): string =>
  `soma:${tenant}:${namespace}`;
