import type { MemoryRow } from "../store/tables.ts";

/** What may be asked of a brain. `commands/recall.ts` has checked it: an implementation trusts every field. */
export interface RecallParams {
  /** Only memories of this tenant are ever given. */
  tenant: string;
  /** 1 to 2000 characters that Postgres can keep, without white space around them. */
  query: string;
  namespace: string;
  /** Undefined for memories of any kind. */
  kind?: "MESSAGE" | "FACT" | undefined;
  /** Undefined for memories of any session. */
  sessionId?: string | undefined;
  /** Hits at most, 1 to 50. */
  limit: number;
}

export interface RecallHit {
  memory: MemoryRow;
  /** 0 to 1, comparable within one answer. */
  score: number;
  /** What matched, for people. */
  why: string;
}

export interface RecallResult {
  /** Best first; none is no fault. */
  hits: RecallHit[];
  /** Which brain answered. */
  source: "LOCAL" | "SOMABRAIN";
  /** Whether a brain that is set did not answer in time, so that the other one did alone. */
  isDegraded: boolean;
}

/** A brain: finds memories again. Every implementation passes `recall.contract.ts`. */
export interface RecallPort {
  recall(params: RecallParams): Promise<RecallResult>;
}
