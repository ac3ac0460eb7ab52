import type { SignalPayload } from "@soma/schemas/run-history";
import type { RunContext } from "./run-context.ts";
import type { RunRecords } from "./run-records.ts";

/** The signals of one run that woke no step yet. */
export interface Inbox {
  /** The first one of a name, which no other step gets any more, and how many of any name have come. */
  look(name: string): Promise<{ seen: number; signal: SignalPayload | undefined }>;
  /** Closes a question whose time is over; gives the decision when one came before that. */
  expire(name: string): Promise<SignalPayload>;
}

/** `heard` are the numbers of those that the history tells of. */
export function createInbox(records: RunRecords, context: RunContext, heard: readonly number[]): Inbox {
  const { runId, tenant } = context.run;
  const taken = [...heard];
  /** False when another branch, which looked at the same time, was faster. */
  const take = ({ no }: SignalPayload): boolean => !taken.includes(no) && taken.push(no) > 0;
  // Neither the step nor the run failed: whoever has the run next looks again.
  const letGo = (cause: unknown): never => {
    context.log.warn({ err: cause }, "the signals of a run could not be read");
    context.lose("its signals could not be read");
    throw cause;
  };
  return {
    async look(name) {
      for (;;) {
        const found = await records.findSignal({ runId, name, heard: taken }).catch(letGo);
        if (found.signal === undefined || take(found.signal)) return found;
      }
    },
    async expire(name) {
      const closed = await records.expireQuestion({ runId, tenant, name }).catch(letGo);
      take(closed);
      return closed;
    },
  };
}
