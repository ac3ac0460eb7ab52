import type { Tx } from "../../postgres/connect.ts";

export type LetterChoice = "RETRY" | "DISCARD";

export interface DecidedLetter {
  topic: string;
  key: string;
  type: string;
  /** Its place, which one from before places were kept has lost. */
  id: string | null;
}

/** Notes on a letter what the relay is to do with it; undefined when there is none that waits. */
export async function decideLetter(
  tx: Tx,
  { tenant, eventId, decision }: { tenant: string; eventId: string; decision: LetterChoice },
): Promise<DecidedLetter | undefined> {
  const [row] = await tx<DecidedLetter[]>`
    update outbox_dead set decision = ${decision}
      where tenant = ${tenant} and event_id = ${eventId} and reason is not null and decision is null returning topic, key, type, id`;
  return row;
}
