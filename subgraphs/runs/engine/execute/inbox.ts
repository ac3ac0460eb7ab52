import type { SignalPayload } from "@soma/schemas/run-history";
import type { Sql } from "@soma/shared/postgres/connect";
import { findSignal } from "../../store/find-signal.ts";

/** The signals of one run that woke no step yet. */
export interface Inbox {
  /** The first one of a name, and how many of any name have come. */
  look(name: string): Promise<{ seen: number; signal: SignalPayload | undefined }>;
  /** The history tells now that this one was heard. */
  take(signal: SignalPayload): void;
}

/** `heard` are the numbers of those that the history tells of. */
export function createInbox(sql: Sql, runId: string, heard: readonly number[]): Inbox {
  const taken = [...heard];
  return {
    look: (name) => findSignal(sql, { runId, name, heard: taken }),
    take: ({ no }) => void taken.push(no),
  };
}
