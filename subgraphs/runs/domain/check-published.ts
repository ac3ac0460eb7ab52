import { validateForPublish } from "@soma/schemas/validate";
import { SomaError } from "@soma/shared/errors";
import type { HistoryEvent } from "./history.ts";
import { type RunFacts, toPublishedEvent } from "./published-events.ts";

/**
 * An event that does not fit its schema must never become durable, since its row is what gets published. Asked by whoever
 * writes a row of the journal, before it is written.
 */
export function checkPublished(run: RunFacts, event: HistoryEvent): void {
  const published = toPublishedEvent(run, event);
  if (published === undefined) return;
  const faults = validateForPublish(published.type, published.data);
  if (faults.length > 0)
    throw new SomaError(
      "EVENT_INVALID",
      `event ${published.type} of run ${event.runId} does not fit its schema: ${faults.join("; ")}`,
    );
}
