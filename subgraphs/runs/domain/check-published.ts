import { validateForPublish } from "@soma/schemas/validate";
import { SomaError } from "@soma/shared/errors";
import { toPublishedEvents } from "./answer-event.ts";
import type { HistoryEvent } from "./history.ts";
import type { RunFacts } from "./published-events.ts";

/**
 * An event that does not fit its schema must never become durable, since its row is what gets published. Asked by whoever
 * writes a row of the journal, before it is written.
 */
export function checkPublished(run: RunFacts, event: HistoryEvent): void {
  for (const { type, data } of toPublishedEvents(run, event)) {
    const faults = validateForPublish(type, data);
    if (faults.length > 0)
      throw new SomaError(
        "EVENT_INVALID",
        `event ${type} of run ${event.runId} does not fit its schema: ${faults.join("; ")}`,
      );
  }
}
